"""`predict --timeline` and `listen`: results on stdout or in files, progress on stderr, one sentence for what is wrong."""

import json
import sys

import numpy as np
import pytest
import soundfile
from tests.bundles import write_bundle
from tests.voices import spoken

from paraverbal.audio import live as sound_module
from paraverbal.bundle.load import Model
from paraverbal.cli import timelines
from paraverbal.cli.live import bar, level_db, meter
from paraverbal.cli.timelines import Progress, clock
from paraverbal.inference.stream import Stream

RATE = 16000


@pytest.fixture
def model(tmp_path):
    return write_bundle(tmp_path / "model")


@pytest.fixture
def talk(tmp_path):
    soundfile.write(tmp_path / "talk.wav", spoken(-1, 3, -1), RATE, subtype="FLOAT")
    return tmp_path / "talk.wav"


def test_a_timeline_is_a_table_unless_asked_otherwise(command, talk, model):
    code, out, err = command("predict", talk, "--timeline", "--model", model)
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == f"{talk}  5.0 s"
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("a.json", '{"file"'),
        ("a.csv", "file,start"),
        ("a.rttm", "SPEAKER talk 1 0."),
        ("a.TextGrid", 'File type = "ooTextFile"'),
        ("a.txt", "0."),
        ("a.srt", "1\n00:00:00,"),
    ],
)
def test_the_ending_of_the_output_chooses_the_format(command, talk, model, tmp_path, name, begin):
    code, out, _ = command("predict", talk, "--timeline", "--model", model, "--output", tmp_path / name)
    assert (code, out) == (0, "")
    assert (tmp_path / name).read_text().startswith(begin)


def test_options_reach_the_timeline(command, talk, model):
    options = ("--window", 1, "--hop", 0.5, "--smooth", 1, "--speech", "all", "--json")
    read = json.loads(command("predict", talk, "--timeline", "--model", model, *options)[1])
    assert (read["window"], read["hop"], read["smooth"], read["speech"]) == (1, 0.5, 1, [[0, 5]])
    assert len(read["windows"]) == 9


def test_windows_shorter_than_the_usual_hop_stand_side_by_side(command, talk, model):
    read = json.loads(command("predict", talk, "--timeline", "--model", model, "--window", 0.5, "--json")[1])
    assert (read["window"], read["hop"]) == (0.5, 0.5)


def test_of_many_recordings_a_bad_one_does_not_stop_the_rest(command, talk, model, tmp_path):
    (tmp_path / "bad.wav").write_text("no audio")
    code, out, err = command("predict", tmp_path / "bad.wav", talk, "--timeline", "--model", model, "--format", "json")
    bad, good = map(json.loads, out.splitlines())
    assert code == 1
    assert list(bad) == ["file", "error"]
    assert len(good["segments"]) == 1
    assert err.startswith(f"{tmp_path / 'bad.wav'}: cannot be read as audio")
    rows = command("predict", tmp_path / "bad.wav", talk, "--timeline", "--model", model, "--csv")[1].splitlines()
    assert [row.startswith("file,") for row in rows] == [True, False, False]


def test_silence_is_told_on_stderr_where_the_format_has_no_room(command, model, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE), RATE)
    code, out, err = command("predict", tmp_path / "a.wav", "--timeline", "--model", model, "--format", "srt")
    assert (code, out) == (0, "")
    assert "no speech was found" in err


def test_a_picture_for_one_and_a_folder_of_them_for_several(command, talk, model, tmp_path):
    command("predict", talk, "--timeline", "--model", model, "--plot", tmp_path / "a.png")
    command("predict", talk, talk, "--timeline", "--model", model, "--plot", tmp_path / "pictures")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(file.name for file in (tmp_path / "pictures").iterdir()) == ["001 talk.png", "002 talk.png"]


def test_what_cannot_be_is_told_before_any_work(refused, talk, model, tmp_path):
    timeline = ("predict", talk, "--timeline", "--model", model)
    assert "--plot is for timelines" in refused("predict", talk, "--plot", tmp_path / "a.png")
    assert "--format is for timelines" in refused("predict", talk, "--format", "srt")
    assert "did you mean 'textgrid'" in refused(*timeline, "--format", "textgird")
    assert "no format of a timeline ends in '.doc'" in refused(*timeline, "--output", tmp_path / "a.doc")
    assert "--format srt and --json" in refused(*timeline, "--format", "srt", "--json")
    assert "is of one recording, and 2 were given" in refused(*timeline, talk, "--format", "srt")
    assert "2 recordings were given; give a folder" in refused(*timeline, talk, "--plot", tmp_path / "a.png")
    assert "there is no folder" in refused(*timeline, "--plot", tmp_path / "gone" / "a.png")
    assert "smooth 2" in refused(*timeline, "--smooth", 2)
    assert "hop 4 s is more than window 3 s" in refused(*timeline, "--hop", 4)


@pytest.fixture
def at_once(monkeypatch):
    """Let recordings play without waiting."""
    monkeypatch.setattr(sound_module.time, "sleep", lambda _: None)


def test_listening_to_a_file_tells_each_window_with_speech(command, talk, model, at_once):
    code, out, err = command("listen", "--from", talk, "--model", model, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(line["start"], line["end"]) for line in lines] == [(0, 3), (1, 4), (2, 5)]
    assert "listening at 16000 Hz" in err
    plain = command("listen", "--from", talk, "--model", model, "--window", 1, "--hop", 1, "--seconds", 3)[1]
    assert [line.split()[0] for line in plain.splitlines()] == ["1.00", "2.00"]


def test_listening_ends_with_ctrl_c_and_tells_the_rest(command, model, monkeypatch):
    def interrupted(_):
        def sound():
            yield spoken(2.0)
            raise KeyboardInterrupt

        return RATE, sound()

    monkeypatch.setattr(sound_module, "at_real_speed", interrupted)
    code, out, _ = command("listen", "--from", "x", "--model", model)
    assert code == 0
    assert out.split()[:2] == ["0.00", "2.00"]


def test_without_a_microphone_listening_is_refused_in_one_sentence(refused, model, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "paraverbal[live]" in refused("listen", "--model", model)
    assert "give one of them" in refused("listen", "--from", "x", "--device", "y", "--model", model)


def test_the_meter_shows_level_state_and_the_last_estimate(model):
    from rich.console import Console

    loaded = Model(model)
    stream = Stream(loaded, RATE, window=1.0, hop=1.0)
    last = stream.feed(spoken(1.0))[-1]
    console = Console(width=100)
    with console.capture() as captured:
        console.print(meter(stream, -20.0, None), meter(stream, -20.0, last))
    lines = captured.get().splitlines()
    assert len(lines) == 8
    assert "-20 dB  speech" in lines[0]
    assert [line.split()[-2] for line in lines[1:4]] == ["0", "0", "0"]
    assert sum("0 to 1 s" in line for line in lines) == 1
    assert next(line for line in lines if "0 to 1 s" in line).startswith(last.emotion)


def test_bars_and_levels_stay_within_their_limits():
    assert [bar(share).count("█") for share in (-1, 0, 0.5, 1, 2)] == [0, 0, 15, 30, 30]
    assert level_db(np.zeros(10, np.float32)) == level_db(np.zeros(0, np.float32)) == -60
    assert level_db(np.full(10, 0.1, np.float32)) == pytest.approx(-20)


def test_progress_tells_how_much_is_done_and_left(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(timelines.time, "monotonic", lambda: now[0])
    progress = Progress()
    for second in range(31):
        now[0] = second
        progress(100.0 * second, 6000.0)
    assert capsys.readouterr().err.splitlines() == [
        "16:40 of 1:40:00, 100 x real time, 0:50 left",
        "33:20 of 1:40:00, 100 x real time, 0:40 left",
        "50:00 of 1:40:00, 100 x real time, 0:30 left",
    ]


def test_on_a_terminal_progress_writes_over_itself(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(timelines.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    progress = Progress()
    for second in range(5):
        now[0] = second
        progress(10.0 * second, 60.0)
    progress.end()
    err = capsys.readouterr().err
    assert "\n" not in err
    assert err.count("\r") == 5
    assert err.endswith("\r")


@pytest.mark.parametrize(("seconds", "expected"), [(7.4, "0:07"), (750, "12:30"), (3725, "1:02:05")])
def test_times_are_hours_minutes_seconds(seconds, expected):
    assert clock(seconds) == expected
