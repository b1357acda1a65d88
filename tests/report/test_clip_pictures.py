from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from paraverbal.errors import AudioError, RecipeError
from paraverbal.report.clip_analysis import PlotSettings
from paraverbal.report.clip_pictures import Job, draw_pictures, plan_pictures, plot_clip
from paraverbal.report.figures import DARK

RATE = 16_000
QUICK = PlotSettings(show=("waveform",), formants=False)


def write_tone(path, seconds=0.1, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 150 * np.arange(round(seconds * rate)) / rate), rate)
    return path


@pytest.fixture
def folder(tmp_path):
    for name in ("a.wav", "a.flac", "A.ogg", "sub/a.wav", "sub/deep/b.wav"):
        write_tone(tmp_path / "in" / name)
    return tmp_path / "in"


def names(plan, output):
    return [picture.relative_to(output).as_posix() for _, picture in plan]


def test_pictures_keep_names_and_subfolders_and_none_takes_the_place_of_another(folder, tmp_path):
    plan = plan_pictures([folder], tmp_path / "out")
    assert [Path(file).relative_to(folder).as_posix() for file, _ in plan] == [
        "A.ogg",
        "a.flac",
        "a.wav",
        "sub/a.wav",
        "sub/deep/b.wav",
    ]
    assert names(plan, tmp_path / "out") == ["A.png", "a-2.png", "a-3.png", "sub/a.png", "sub/deep/b.png"]


def test_recordings_of_two_folders_do_not_overwrite_each_other(folder, tmp_path):
    plan = plan_pictures([folder / "a.wav", folder / "sub" / "a.wav", folder / "sub"], tmp_path / "out")
    assert names(plan, tmp_path / "out") == ["a.png", "a-2.png", "a-3.png", "deep/b.png"]


def test_a_number_given_away_is_not_given_again(tmp_path):
    for name in ("in/a-2.wav", "in/a.flac", "in/a.wav"):
        write_tone(tmp_path / name)
    assert names(plan_pictures([tmp_path / "in"], tmp_path / "out"), tmp_path / "out") == [
        "a-2.png",
        "a.png",
        "a-3.png",
    ]


def test_a_list_that_leads_out_of_its_folder_does_not_lead_pictures_out_of_theirs(folder, tmp_path):
    table = tmp_path / "lists" / "clips.txt"
    table.parent.mkdir()
    table.write_text(f"../in/sub/a.wav\n{folder / 'a.wav'}\n", encoding="utf-8")
    output = tmp_path / "out"
    assert names(plan_pictures([table], output), output) == ["a.png", "a-2.png"]


def test_a_row_of_an_array_has_a_name_that_files_can_have(tmp_path):
    (job,) = plan_pictures(["data.npz::12@48000"], tmp_path)
    assert job[1].name == "data.npz-12-48000.png"


def test_one_recording_can_name_its_picture(folder, tmp_path):
    assert plan_pictures([folder / "a.wav"], tmp_path / "x.PNG") == [(str(folder / "a.wav"), tmp_path / "x.PNG")]


@pytest.mark.parametrize("output", ["one.png", "one.jpg", "in/a.wav"])
def test_an_output_that_cannot_hold_the_pictures_is_refused(folder, tmp_path, output):
    with pytest.raises(RecipeError, match="--output"):
        plan_pictures([folder], tmp_path / output)


def test_a_picture_is_as_large_as_its_dots_say(folder, tmp_path):
    assert plot_clip(folder / "a.wav", tmp_path / "new" / "a.png", QUICK, dots_per_inch=40) == ""
    with Image.open(tmp_path / "new" / "a.png") as picture:
        assert picture.width == 400
    plot_clip(folder / "a.wav", tmp_path / "dark.png", QUICK, dark=True, dots_per_inch=40)
    with Image.open(tmp_path / "dark.png") as picture:
        assert "#{:02x}{:02x}{:02x}".format(*picture.convert("RGB").getpixel((0, 0))) == DARK.surface


def test_a_recording_that_cannot_be_drawn_does_not_stop_the_rest(folder, tmp_path):
    (folder / "broken.wav").write_bytes(b"RIFF nothing")
    write_tone(folder / "low.wav", rate=1000)
    given = [folder / name for name in ("broken.wav", "low.wav", "sub")]
    jobs = [Job(file, picture, QUICK, dots_per_inch=30) for file, picture in plan_pictures(given, tmp_path / "out")]
    outcomes = {Path(outcome.file).name: outcome for outcome in draw_pictures(jobs)}
    assert list(outcomes) == ["broken.wav", "low.wav", "a.wav", "b.wav"]
    for bad in ("broken.wav", "low.wav"):
        assert outcomes[bad].picture is None
        assert bad in outcomes[bad].error
    assert all(outcome.picture.is_file() for outcome in outcomes.values() if outcome.picture)
    with pytest.raises(AudioError):
        plot_clip(folder / "broken.wav", tmp_path / "x.png", QUICK)
