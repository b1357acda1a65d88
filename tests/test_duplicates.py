"""The same recording is found under another name, in another format, in another part; others are left alone."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
import soxr

from paraverbal.audit import audit, duplicates, twins_of
from paraverbal.audit.duplicates import CHANGED, SAME, Twins, compare
from paraverbal.audit.twins import changed_names, duplicate_audio
from paraverbal.corpora import read_corpus
from paraverbal.corpora.corpus import Corpus, Origin
from paraverbal.corpora.split import Split, official
from paraverbal.corpora.split import read as read_split

CLIPS = sorted((Path(__file__).parents[1] / "examples" / "clips").glob("*.flac"))


def write_noisy(source, target, decibels, seed=0):
    waveform, rate = soundfile.read(source)
    noise = np.random.default_rng(seed).standard_normal(len(waveform))
    noise *= np.sqrt(np.mean(waveform**2) / np.mean(noise**2)) * 10 ** (-decibels / 20)
    soundfile.write(target, waveform + noise, rate, subtype="FLOAT")


@pytest.fixture
def folder(tmp_path):
    """Four clips; of the first a copy, of the second an OGG, of the third one at 8 kHz; a broken and a silent file."""
    for number in range(4):
        shutil.copy(CLIPS[number], tmp_path / f"{number}.flac")
    shutil.copy(CLIPS[0], tmp_path / "same.flac")
    waveform, rate = soundfile.read(CLIPS[1])
    soundfile.write(tmp_path / "encoded.ogg", waveform, rate)
    waveform, rate = soundfile.read(CLIPS[2])
    soundfile.write(tmp_path / "half.wav", 0.3 * soxr.resample(waveform, rate, 8000), 8000)
    (tmp_path / "broken.wav").write_text("no audio")
    (tmp_path / "broken too.wav").write_text("no audio")
    soundfile.write(tmp_path / "silent.wav", np.zeros(16000), 16000)
    return tmp_path


def test_copies_are_found_and_nothing_else(folder):
    found = duplicates(sorted(folder.iterdir()))
    names = {tuple(Path(file).name for file in pair[:2]) for pair in found}
    assert names == {("0.flac", "same.flac"), ("1.flac", "encoded.ogg"), ("2.flac", "half.wav")}
    scores = [score for _, _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1)
    assert scores[-1] > SAME + 0.05


def test_a_file_that_cannot_be_compared_is_skipped_and_named(folder):
    found = compare([*sorted(folder.iterdir()), folder / "gone.wav"])
    assert [Path(file).name for file in found.skipped] == ["broken too.wav", "broken.wav", "gone.wav", "silent.wav"]
    assert found.compared == 7


def test_identical_bytes_are_the_same_even_without_sound(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(16000), 16000)
    shutil.copy(tmp_path / "a.wav", tmp_path / "b.wav")
    found = compare([tmp_path / "b.wav", tmp_path / "a.wav"])
    assert found == Twins([(str(tmp_path / "b.wav"), str(tmp_path / "a.wav"), 1.0)], 2, [])


def test_files_of_the_same_size_need_not_be_the_same(tmp_path):
    for number in range(3):
        waveform, rate = soundfile.read(CLIPS[number], frames=8000)
        soundfile.write(tmp_path / f"{number}.wav", waveform, rate)
    files = sorted(tmp_path.iterdir())
    assert len({file.stat().st_size for file in files}) == 1
    assert duplicates(files) == []


def test_every_copy_of_every_copy_is_a_pair(folder):
    shutil.copy(folder / "encoded.ogg", folder / "again.ogg")
    files = [folder / name for name in ("again.ogg", "1.flac", "encoded.ogg")]
    pairs = {pair[:2] for pair in duplicates(files)}
    again, original, encoded = map(str, files)
    assert pairs == {(again, original), (again, encoded), (original, encoded)}


def test_progress_is_told_up_to_the_last_file(folder):
    told = []
    files = sorted(folder.iterdir())
    duplicates(files, progress=lambda done, of: told.append((done, of)), workers=1)
    assert told[-1] == (len(files), len(files))
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_nothing_is_compared_with_nothing():
    assert compare([]) == Twins([], 0, [])
    assert duplicates([CLIPS[0], CLIPS[0]]) == []


def test_rows_of_an_array_are_compared(tmp_path):
    waveform, rate = soundfile.read(CLIPS[0], dtype="float32")
    other = soundfile.read(CLIPS[1], dtype="float32")[0]
    size = max(len(waveform), len(other))
    rows = np.stack([np.pad(one, (0, size - len(one))) for one in (waveform, other, waveform / 4)])
    np.savez(tmp_path / "data.npz", X=rows)
    addresses = [f"{tmp_path / 'data.npz'}::{row}@{rate}" for row in range(3)]
    assert [pair[:2] for pair in duplicates(addresses)] == [(addresses[0], addresses[2])]


def test_a_noisy_copy_is_found_and_no_clip_is_a_copy_of_another(tmp_path):
    for seed, file in enumerate(CLIPS):
        write_noisy(file, tmp_path / f"{file.stem}.wav", 12, seed)
    pairs = compare([*CLIPS, *sorted(tmp_path.iterdir())]).pairs
    assert {(Path(one).stem, Path(other).stem) for one, other, _ in pairs} == {(file.stem, file.stem) for file in CLIPS}
    assert all(score >= CHANGED for *_, score in pairs)


@pytest.mark.parametrize(
    ("original", "copy"),
    [
        ("x", "x_aug1"),
        ("x", "x_Noise"),
        ("x", "x_noise10"),
        ("x", "x_pitch+2"),
        ("x", "x_stretch0.9"),
        ("x", "x-copy"),
        ("x", "x - Copy (2)"),
        ("x", "x_pitch1_noise2"),
        ("x_aug1", "x_aug2"),
        ("03-01-01-01-01-01-01", "03-01-01-01-01-01-01_aug12"),
    ],
)
def test_a_name_tells_a_changed_copy(original, copy):
    assert changed_names([f"a/{original}.wav", f"a/{copy}.flac"]) == [(f"a/{original}.wav", f"a/{copy}.flac")]


@pytest.mark.parametrize(
    "files",
    [
        ["x.wav", "x.flac"],
        ["x1.wav", "x11.wav"],
        ["a03 (4).wav", "a03 (4)b.wav"],
        ["aug1.wav", "aug2.wav"],
        ["x.wav", "x_august.wav"],
        ["happy/x.wav", "sad/x.wav", "new/x_aug1.wav"],
        ["happy/x.wav", "sad/x.wav"],
    ],
)
def test_other_names_tell_nothing(files):
    assert changed_names(files) == []


def test_a_copy_in_another_folder_belongs_to_the_only_original():
    assert changed_names(["happy/x.wav", "new/x_aug1.wav"]) == [("happy/x.wav", "new/x_aug1.wav")]
    files = ["happy/x.wav", "sad/x.wav", "sad/x_aug1.wav"]
    assert changed_names(files) == [("sad/x.wav", "sad/x_aug1.wav")]


@pytest.fixture
def corpus(folder):
    files = [file.name for file in sorted(folder.iterdir())]
    rows = [{"file": file, "emotion": ("anger", "fear")[place % 2]} for place, file in enumerate(files)]
    return Corpus.from_rows(folder, rows, Origin("made"))


def split_of(corpus, *, fold=1, **parts):
    """Put the named files in their parts and all others in train."""
    part_of = {file: part for part, files in parts.items() for file in files}
    table = corpus.table.select("file", "emotion").with_columns(
        fold=pl.lit(fold, pl.Int64),
        split=pl.col("file").map_elements(lambda file: part_of.get(file, "train"), return_dtype=pl.String),
    )
    return Split(table.select("file", "emotion", "fold", "split"))


def test_a_recording_in_two_parts_is_a_leak_and_named(corpus):
    finding = audit(corpus, split_of(corpus, test=["0.flac", "1.flac"], valid=["half.wav", "encoded.ogg"]), listen=True)
    assert finding["duplicate_audio"]["verdict"] == "leak"
    assert finding["duplicate_audio"]["items"] == {
        "train/valid": ["2.flac = half.wav"],
        "train/test": ["same.flac = 0.flac"],
        "valid/test": ["encoded.ogg = 1.flac"],
    }
    assert "7 recordings were compared, 3 could not be" in finding["duplicate_audio"]["detail"]
    assert "1 in train and valid, 1 in train and test, 1 in valid and test" in finding["duplicate_audio"]["detail"]


def test_a_recording_twice_in_one_part_is_no_leak(corpus):
    finding = audit(corpus, split_of(corpus, test=["0.flac", "same.flac"]), listen=True)["duplicate_audio"]
    assert (finding["verdict"], finding["items"]) == ("ok", {})


def test_parts_of_different_folds_do_not_meet(corpus):
    apart = pl.concat(
        [split_of(corpus, test=["0.flac", "same.flac"]).table, split_of(corpus, fold=2, test=["3.flac"]).table]
    )
    twins = twins_of(corpus)
    assert audit(corpus, Split(apart), twins=twins)["duplicate_audio"]["verdict"] == "ok"
    met = pl.concat([apart, split_of(corpus, fold=3, test=["0.flac"]).table])
    items = audit(corpus, Split(met), twins=twins)["duplicate_audio"]["items"]
    assert items == {"train/test": ["same.flac = 0.flac"]}


def test_without_listening_nothing_is_said_about_sound(corpus):
    found = audit(corpus, split_of(corpus, test=["0.flac"]))
    assert "duplicate_audio" not in found
    assert found["augmented_twins"]["verdict"] == "ok"
    assert "sounds were not compared" in found["augmented_twins"]["detail"]


def test_a_changed_copy_in_another_part_is_a_leak_by_its_name(corpus):
    (corpus.root / "3.flac").rename(corpus.root / "0_pitch2.flac")
    table = corpus.table.with_columns(pl.col("file").replace("3.flac", "0_pitch2.flac"))
    renamed = Corpus("made", corpus.root, table, corpus.origins)
    finding = audit(renamed, split_of(renamed, test=["0.flac"]))["augmented_twins"]
    assert finding["verdict"] == "leak"
    assert finding["items"] == {"train/test": ["0_pitch2.flac = 0.flac"]}
    assert "pitch or speed are known by name only" in finding["detail"]
    assert audit(renamed, split_of(renamed, test=["1.flac"]))["augmented_twins"]["verdict"] == "ok"


def test_a_score_below_the_same_is_a_changed_copy(corpus):
    between = Twins([("0.flac", "3.flac", (SAME + CHANGED) / 2), ("1.flac", "2.flac", SAME)], 4, [])
    found = audit(corpus, split_of(corpus, test=["3.flac", "2.flac"]), twins=between)
    assert found["augmented_twins"]["items"] == {"train/test": ["0.flac = 3.flac"]}
    assert found["duplicate_audio"]["items"] == {"train/test": ["1.flac = 2.flac"]}


def test_an_unlisted_file_is_in_no_part(corpus):
    rows = split_of(corpus, test=["0.flac"]).table.filter(pl.col("file") != "same.flac")
    twins = Twins([("0.flac", "same.flac", 1.0)], 2, [])
    assert duplicate_audio(rows, twins)["verdict"] == "ok"


@pytest.fixture(scope="module")
def ravdess(corpora):
    return read_corpus(corpora / "ravdess")


@pytest.fixture(scope="module")
def emobox(ravdess, corpora):
    return official(ravdess, read_split(corpora.parent / "splits" / "emobox" / "ravdess.csv"), fold=1)


@pytest.mark.corpus
def test_nothing_is_invented_on_ravdess(ravdess, emobox):
    twins = twins_of(ravdess)
    pair = ("Actor_07/03-01-03-01-02-01-07.flac", "Actor_07/03-01-03-01-02-02-07.flac")
    assert [found[:2] for found in twins.pairs] == [pair]
    assert (twins.compared, twins.skipped) == (1440, [])
    found = audit(ravdess, emobox, twins=twins)
    assert {check: found[check]["verdict"] for check in ("shared_speakers", "duplicate_audio", "augmented_twins")} == {
        "shared_speakers": "ok",
        "duplicate_audio": "ok",
        "augmented_twins": "ok",
    }


def write_copy(source, target, number):
    """Write the first ten at 8 kHz, five as OGG, and five 6 dB quieter."""
    waveform, rate = soundfile.read(source, dtype="float32")
    if number < 10:
        soundfile.write(target, soxr.resample(waveform, rate, 8000), 8000)
    elif number < 15:
        soundfile.write(target, waveform, rate, format="OGG", subtype="VORBIS")
    else:
        soundfile.write(target, waveform * 10 ** (-6 / 20), rate)


@pytest.mark.corpus
def test_a_spoiled_split_of_ravdess_is_seen_through(ravdess, emobox, tmp_path):
    (tmp_path / "ravdess").symlink_to(ravdess.root, target_is_directory=True)
    (tmp_path / "copies").mkdir()
    part_of = dict(emobox.table.select("file", "split").iter_rows())
    rows = {row["file"]: row for row in ravdess.table.to_dicts()}
    train = sorted(file for file, part in part_of.items() if part == "train" and not file.startswith("Actor_07"))
    actors = sorted({file[:8] for file in train})[:10]
    files = {actor: [file for file in train if file.startswith(actor)] for actor in actors}
    part_of |= {file: "test" for actor in actors for file in files[actor][10:13]}
    originals = [files[actor][place] for actor in actors for place in (0, 30)]
    spoiled = [{**row, "file": f"ravdess/{file}"} for file, row in rows.items()]
    parts = [part_of[file] for file in rows]
    expected = set()
    for number, file in enumerate(originals):
        copy = f"copies/{number}.{'ogg' if 10 <= number < 15 else 'wav'}"
        write_copy(ravdess.root / file, tmp_path / copy, number)
        spoiled.append({**rows[file], "file": copy})
        parts.append("test")
        expected.add(f"ravdess/{file} = {copy}")
    corpus = Corpus.from_rows(tmp_path, spoiled, Origin("spoiled"))
    table = corpus.table.select("file", "emotion").with_columns(fold=pl.lit(1, pl.Int64), split=pl.Series(parts))
    found = audit(corpus, Split(table), listen=True)
    assert found["shared_speakers"]["items"]["train/test"] == [actor[-2:] for actor in actors]
    assert found["duplicate_audio"]["verdict"] == "leak"
    assert set(found["duplicate_audio"]["items"]["train/test"]) == expected
    assert set(found["duplicate_audio"]["items"]) == {"train/test"}
    assert found["augmented_twins"]["verdict"] == "ok"
