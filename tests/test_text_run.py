"""Voice and words from recordings to predictions: trained, exported, asked with and without each, in Python and as commands."""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import ROOT

import paraverbal as pv
from paraverbal.batches import Clip, read_windows
from paraverbal.bundle import save
from paraverbal.bundle.format import FORMAT, Manifest
from paraverbal.bundle.load import Model, load_model
from paraverbal.config import read_recipe
from paraverbal.errors import BundleError, CorpusError, RunError, TextError
from paraverbal.evaluation.compare import read_predictions
from paraverbal.experiment import crossval, train
from paraverbal.experiment.embeddings import trained_model
from paraverbal.experiment.texts import make_tokenizer
from paraverbal.inference.predict import predict_each
from paraverbal.models.catalog import entry
from paraverbal.models.model import SpeechModel
from paraverbal.settings import Recipe, TextSettings
from paraverbal.text import train_tokenizer, wordpiece_tokenizer
from paraverbal.training.transfer import begin_with

SMALLER = (
    "audio.seconds=1.0",
    "audio.hop_seconds=1.0",
    "frontend.fft_size=512",
    "frontend.hop_length=256",
    "frontend.bands=24",
    "text.width=16",
    "text.max_length=24",
    "text.tokenizer=wordpiece",
    "text.vocabulary_size=300",
    "fusion.units=16",
    "training.batch_size=8",
    "training.epochs=2",
    "training.average=0.0",
)
WORDS = "What, the cup has vanished from the door"
LABELS = ("anger", "calm", "disgust", "happiness", "sadness", "surprise")


def recipe(name: str, *overrides: str) -> Recipe:
    voice = () if name == "text-only" else ("model.channels=[4, 8]", "model.pooled=2")
    return read_recipe(name, [*SMALLER, *voice, *overrides])


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made corpus of 4 speakers with transcripts, three of them missing."""
    folder = tmp_path_factory.mktemp("corpus") / "spoken"
    command = [sys.executable, str(ROOT / "examples" / "make_text_corpus.py"), str(folder)]
    subprocess.run([*command, "--speakers", "4", "--repeats", "2"], check=True, capture_output=True)
    rows = table_of(folder)
    for row in rows[:3]:
        row["transcript"] = ""
    write_table(folder, rows)
    return folder


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No graph is compared with its network, as all are in tests/models/test_families.py; and no page is drawn."""
    monkeypatch.setattr(save, "check_graph", lambda *_: None)
    for module in ("paraverbal.experiment.run", "paraverbal.experiment.crossval"):
        monkeypatch.setattr(import_module(module), "write_report", lambda *_: None)


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def run(spoken: Path, told: list[str], tmp_path_factory: pytest.TempPathFactory) -> pv.Run:
    folder = tmp_path_factory.mktemp("runs") / "early"
    return train(recipe("audio-text-early"), spoken, output=folder, progress=told.append)


@pytest.fixture(scope="module")
def model(run: pv.Run) -> Model:
    return run.model


@pytest.fixture(scope="module")
def clip(spoken: Path) -> str:
    return str(spoken / "surprise" / "s3_01.flac")


def table_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "clips.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_table(folder: Path, rows: list[dict[str, str]]) -> None:
    with (folder / "clips.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_rows_without_a_transcript_are_trained_by_voice_alone_and_told(run: pv.Run, told: list[str]) -> None:
    missing = [line for line in told if "have no transcript" in line]
    assert sum(int(line.split()[1]) for line in missing) == 3
    assert run.document["failed"] == []
    assert sum(part["clips"] for part in run.document["parts"].values()) == 48


def test_the_bundle_says_what_it_takes_and_holds_its_tokenizer(run: pv.Run, model: Model) -> None:
    document = json.loads((run.folder / "bundle" / "bundle.json").read_text())
    assert (document["format"], document["modalities"]) == (FORMAT, ["audio", "text"])
    assert model.tokenizer.max_length == 24
    assert model.tokenizer.frame == ("[CLS]", "[SEP]")
    assert "text as token ids" in repr(model)


def test_the_tokenizer_knows_the_training_part_alone(run: pv.Run, spoken: Path, model: Model) -> None:
    with (run.folder / "split.csv").open(newline="") as file:
        parts = {row["file"]: row["split"] for row in csv.DictReader(file)}
    heard = " ".join(row["transcript"].lower() for row in table_of(spoken) if parts[row["file"]] == "train")
    whole = [token for token in model.tokenizer.vocabulary() if token.isalpha() and len(token) > 3]
    assert whole
    assert [token for token in whole if token not in heard] == []


@pytest.mark.usefixtures("unchecked")
def test_a_run_gone_on_with_has_the_same_weights(run: pv.Run, spoken: Path, tmp_path: Path) -> None:
    shutil.copytree(run.folder, tmp_path / "run")
    again = train(recipe("audio-text-early"), spoken, output=tmp_path / "run", resume=True)
    same = [(folder / "bundle" / "model.safetensors").read_bytes() for folder in (run.folder, again.folder)]
    assert same[0] == same[1]
    assert again.document["ablation"] == run.document["ablation"]


def test_weights_of_a_model_with_other_tokens_are_refused(run: pv.Run, spoken: Path, model: Model) -> None:
    settings = read_recipe(run.folder / "recipe.toml")
    same = SpeechModel(settings, model.labels, model.tokenizer)
    assert begin_with(same, str(run.folder)).kept == model.labels
    names = sorted(model.tokenizer.vocabulary(), key=model.tokenizer.id_of)
    swapped = {name: index for index, name in enumerate([*names[:5], *names[:4:-1]])}
    other = SpeechModel(settings, model.labels, wordpiece_tokenizer(swapped))
    with pytest.raises(RunError, match="cuts texts into other tokens than this training; take its own"):
        begin_with(other, str(run.folder))


def test_a_tokenizer_of_the_hub_is_fetched_with_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("transformers.utils.hub")
    wordpiece_tokenizer({"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "cup": 4}).save(tmp_path / "tokenizer.json")

    def fetched(name: str, file: str, **_: Any) -> str | None:
        assert name == "someone/bert"
        return str(tmp_path / file) if (tmp_path / file).is_file() else None

    monkeypatch.setattr(hub, "cached_file", fetched)
    settings = TextSettings(encoder="pretrained", pretrained="someone/bert", max_length=9)
    found = make_tokenizer(settings, [])
    assert (found.size, found.max_length) == (5, 9)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(TextError, match="the hub has no tokenizer of this name"):
        make_tokenizer(settings, [])


def test_the_list_of_recipes_says_what_is_read() -> None:
    assert entry(read_recipe("text-only"))[0]["input"] == "text of up to 128 tokens"
    assert entry(read_recipe("audio-text-early"))[0]["input"].endswith("log_mel 64 x frames; text of up to 128 tokens")


def test_a_corpus_without_transcripts_cannot_train_it(synthetic: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no clip of part train has a transcript.*--columns transcript=COLUMN"):
        train(recipe("audio-text-early"), synthetic, output=tmp_path / "run")


def test_transcripts_come_from_the_column_that_is_named(spoken: Path, tmp_path: Path) -> None:
    shutil.copytree(spoken, tmp_path / "renamed")
    rows = [{"words" if key == "transcript" else key: value for key, value in row.items()} for row in table_of(spoken)]
    write_table(tmp_path / "renamed", rows)
    table = tmp_path / "renamed" / "clips.csv"
    assert pv.read_corpus(table).table["transcript"].null_count() == 48
    assert pv.read_corpus(table, columns={"transcript": "words"}).table["transcript"].null_count() == 3


def test_voice_and_text_both_count(model: Model, clip: str, spoken: Path) -> None:
    both = pv.predict(clip, model=model, text=WORDS)
    voice = pv.predict(clip, model=model)
    words = pv.predict(None, model=model, text=WORDS)
    assert len({tuple(one.probabilities.values()) for one in (both, voice, words)}) == 3
    other = pv.predict(str(spoken / "anger" / "s3_01.flac"), model=model, text=WORDS)
    assert other.probabilities != both.probabilities


def test_what_is_missing_is_told(model: Model, clip: str) -> None:
    assert pv.predict(clip, model=model, text=WORDS).warnings == []
    assert pv.predict(clip, model=model).warnings == ["no text: judged by audio alone, where the model takes both"]
    words = pv.predict(None, model=model, text=WORDS)
    assert (words.file, words.end) == ("", 0.0)
    assert words.warnings == ["no audio: judged by text alone, where the model takes both"]


def test_shares_add_up_to_what_is_known_more_than_nothing(model: Model, clip: str) -> None:
    both = pv.predict(clip, model=model, text=WORDS)
    assert set(both.shares) == {"audio", "text"}
    assert sum(both.shares.values()) == pytest.approx(both.confidence - 1 / 6, abs=1e-6)
    alone = pv.predict(clip, model=model)
    assert alone.shares == {"audio": pytest.approx(alone.confidence - 1 / 6), "text": 0.0}
    assert pv.predict(clip).shares == {}


def test_several_recordings_have_a_text_each(model: Model, clip: str) -> None:
    single = pv.predict(clip, model=model, text=WORDS)
    listed = pv.predict([clip, clip], model=model, text=[None, WORDS])
    mapped = list(predict_each([clip], model, text={clip: WORDS, "other.wav": "no"}))
    assert [listed[1], mapped[0]] == [single, single]
    assert listed[0].warnings
    with pytest.raises(TextError, match="1 texts for 2 recordings; give one for each"):
        pv.predict([clip, clip], model=model, text=WORDS)


@pytest.mark.parametrize("model_of", ["default"])
def test_text_for_a_model_without_it_is_an_error(model_of: str, clip: str) -> None:
    with pytest.raises(TextError, match="'default' hears the voice alone and reads no text"):
        pv.predict(clip, model=model_of, text=WORDS)
    with pytest.raises(TextError, match="reads no text"):
        list(predict_each([clip, clip], load_model(model_of), text=[None, WORDS]))
    with pytest.raises(TextError, match="nothing that it takes; give audio"):
        pv.predict(None, model=model_of)


def test_neither_voice_nor_text_is_an_error(model: Model) -> None:
    with pytest.raises(TextError, match="nothing that it takes; give audio or text"):
        pv.predict(None, model=model)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("", "text: it is empty, so nothing was read of it"),
        (" \t\n", "text: it is empty, so nothing was read of it"),
        ("😀🎉", "text: the model knows none of its tokens, so nothing was read of it"),
        ("人民法院", "text: the model knows none of its tokens, so nothing was read of it"),
        ("the cup " * 12_500, "text: 25002 tokens, of which the model reads the first 24"),
        ("the cup 人民 ковёр كتاب", None),
        ("the\x00 cup\x07 has\x1b vanished", None),
    ],
    ids=["empty", "white space", "emoji", "unknown", "100,000 characters", "mixed scripts", "control characters"],
)
def test_bad_text_is_judged_and_told(model: Model, clip: str, text: str, warning: str | None) -> None:
    found = pv.predict(clip, model=model, text=text)
    assert np.isclose(sum(found.probabilities.values()), 1)
    assert [line for line in found.warnings if line.startswith("text:")] == ([warning] if warning else [])
    unread = "nothing was read" in (warning or "")
    assert (found.probabilities == pv.predict(clip, model=model).probabilities) is unread


def test_control_characters_change_nothing(model: Model, clip: str) -> None:
    answers = [pv.predict(clip, model=model, text=text).probabilities for text in ("the cup", "the\x00 cup\x07")]
    assert answers[0] == answers[1]


def test_windows_without_text_are_judged_by_voice(model: Model, clip: str) -> None:
    found = pv.timeline(clip, model=model, speech="all")
    assert len(found.answers) > 0
    assert "no text: judged by audio alone, where the model takes both" in found.warnings


def test_the_ablation_stands_in_result_and_report(run: pv.Run) -> None:
    found = run.document["ablation"]
    assert [row["name"] for row in found["results"]] == ["both", "audio only", "text only", "shuffled text"]
    assert len(found["pairs"]) == 6
    assert {"p_uar", "p_mcnemar", "p_adjusted"} <= found["pairs"][0].keys()
    assert found["shares"].keys() == {"all", *LABELS}
    page = (run.folder / "report.html").read_text()
    assert "Voice and text: what each is worth" in page
    assert "The text adds" in page


def test_its_predictions_can_be_compared(run: pv.Run) -> None:
    tables = [read_predictions(run.folder / "ablation" / f"{name}.csv") for name in ("both", "audio-only")]
    assert pv.compare(tables).results[0]["uar"] == run.document["ablation"]["results"][0]["uar"]


def test_clips_have_neighbours_by_what_the_network_makes_of_them(run: pv.Run, spoken: Path, model: Model) -> None:
    corpus = pv.read_corpus(spoken / "clips.csv")
    table = pv.clip_embeddings(run.folder, corpus)
    assert set(table.names) == set(corpus.table["file"])
    near = table.neighbours("surprise/s3_01.flac", count=3)
    assert len(near) == 3
    assert near[0][1] >= near[1][1] >= near[2][1]
    assert len(table.analogy("anger/s1_01.flac", "anger/s2_01.flac", "sadness/s1_01.flac", count=2)) == 2
    network = trained_model(run.folder)
    chosen = next(row for row in corpus.table.iter_rows(named=True) if row["file"] == "surprise/s3_01.flac")
    windows = read_windows(Clip(corpus.path(chosen["file"]), 0), network.recipe.audio)
    tokens = torch.from_numpy(model.token_ids(chosen["transcript"])).expand(len(windows), -1)
    with torch.inference_mode():
        prepared = network.prepare(network.frontend(torch.from_numpy(np.stack(windows))))
        expected = network.network.embed(*prepared, {"text": (tokens, torch.ones_like(tokens))}).mean(dim=0)
    np.testing.assert_allclose(table[chosen["file"]], expected.numpy(), atol=1e-5)


def test_evaluation_tells_it_too(run: pv.Run, spoken: Path, command: Callable[..., Any]) -> None:
    options = ("--split", run.folder / "split.csv", "--json")
    code, out, err = command("evaluate", run.folder, "--corpus", spoken, *options)
    assert code == 0, err
    kept = run.document["ablation"]["results"]
    found = json.loads(out)["ablation"]["results"]
    # The run divides by the temperature what the model said before it had one: the last digits of a loss may differ.
    assert [row.pop("loss") for row in found] == pytest.approx([row["loss"] for row in kept], abs=1e-6)
    assert found == [{key: value for key, value in row.items() if key != "loss"} for row in kept]


def test_a_pretrained_encoder_is_trained_exported_and_asked_without_it(spoken: Path, tmp_path: Path, clip: str) -> None:
    transformers = pytest.importorskip("transformers")
    folder = tmp_path / "bert-tiny"
    said = [row["transcript"] for row in table_of(spoken) if row["transcript"]]
    tokenizer = train_tokenizer(said, "wordpiece", 200, lowercase=True, max_length=20)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    transformers.BertModel(transformers.BertConfig(vocab_size=tokenizer.size, **sizes)).save_pretrained(folder)
    tokenizer.save(folder / "tokenizer.json")
    pretrained = ("text.encoder=pretrained", "text.tokenizer=auto", f"text.pretrained={folder}", "training.epochs=1")
    found = train(recipe("audio-text-late", *pretrained), spoken, output=tmp_path / "run")
    shutil.rmtree(folder)
    both = pv.predict(clip, model=found.model, text=WORDS)
    assert found.model.tokenizer.max_length == 20
    assert both.probabilities != pv.predict(clip, model=found.model).probabilities


@pytest.mark.usefixtures("unchecked")
def test_text_alone_needs_no_voice(spoken: Path, tmp_path: Path, clip: str) -> None:
    found = crossval(
        recipe("text-only", "split.protocol=speakers", "split.folds=2", "training.epochs=1"),
        spoken,
        output=tmp_path / "cv",
    )
    assert [row["name"] for row in found.document["ablation"]["results"]] == ["text", "shuffled text"]
    assert found.document["ablation"]["clips"] == 45
    words = load_model(tmp_path / "cv" / "fold-1")
    assert words.modalities == ("text",)
    spoken_too, alone = pv.predict(clip, model=words, text=WORDS), pv.predict(None, model=words, text=WORDS)
    assert spoken_too.probabilities == pytest.approx(alone.probabilities)
    assert (spoken_too.shares, alone.warnings) == ({}, [])
    with pytest.raises(TextError, match="nothing that it takes; give text"):
        pv.predict(clip, model=words)


def asked(command: Callable[..., Any], run: pv.Run, *arguments: Any) -> list[dict[str, Any]]:
    code, out, err = command("predict", *arguments, "--model", run.folder, "--json")
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


def test_the_command_takes_a_text(command: Callable[..., Any], run: pv.Run, clip: str) -> None:
    (both,), (words,) = asked(command, run, clip, "--text", WORDS), asked(command, run, "--text", WORDS)
    assert set(both["shares"]) == {"audio", "text"}
    assert both["warnings"] == []
    assert words["file"] == ""
    code, out, _ = command("predict", clip, "--model", run.folder, "--text", WORDS, "--csv")
    assert code == 0
    assert out.splitlines()[0].endswith(",share_audio,share_text")


def test_the_command_takes_a_table_of_transcripts(command: Callable[..., Any], run: pv.Run, spoken: Path) -> None:
    rows = asked(command, run, spoken / "anger", "--transcripts", spoken / "clips.csv")
    without = {row["file"] for row in table_of(spoken) if not row["transcript"]}
    flagged = {Path(row["file"]).relative_to(spoken).as_posix() for row in rows if row["warnings"]}
    assert flagged == without


def test_the_command_takes_texts_beside_the_recordings(
    command: Callable[..., Any], run: pv.Run, clip: str, tmp_path: Path
) -> None:
    for name in ("a.flac", "b.flac"):
        shutil.copy(clip, tmp_path / name)
    (tmp_path / "a.txt").write_text(WORDS + "\n")
    first, second = asked(command, run, tmp_path, "--transcripts", tmp_path)
    assert first["warnings"] == []
    assert second["warnings"] == ["no text: judged by audio alone, where the model takes both"]


def test_what_does_not_fit_is_refused(refused: Callable[..., str], run: pv.Run, clip: str, tmp_path: Path) -> None:
    assert "hears the voice alone and reads no text" in refused("predict", clip, "--text", WORDS)
    model = ("--model", run.folder)
    assert "no recording was given" in refused("predict", *model)
    assert "--text is of one recording, there are 2" in refused("predict", clip, clip, "--text", WORDS, *model)
    assert "give one of them" in refused("predict", clip, "--text", WORDS, "--transcripts", tmp_path, *model)
    assert "a timeline hears the voice alone" in refused("predict", clip, "--timeline", "--text", WORDS, *model)
    assert "has a transcript of none of the 1 recordings" in refused("predict", clip, "--transcripts", tmp_path, *model)


def test_a_bundle_without_its_tokenizer_is_refused(run: pv.Run, tmp_path: Path) -> None:
    shutil.copytree(run.folder / "bundle", tmp_path / "bundle")
    (tmp_path / "bundle" / "tokenizer.json").unlink()
    with pytest.raises(BundleError, match="the tokenizer is missing from the bundle"):
        load_model(tmp_path / "bundle")


def test_a_manifest_that_forgets_the_text_does_not_fit_its_graph(run: pv.Run, tmp_path: Path) -> None:
    shutil.copytree(run.folder / "bundle", tmp_path / "bundle")
    document = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    for modalities, problem in (
        (["audio"], "the graph goes from waveform, tokens"),
        (["text", "audio"], "some of audio"),
    ):
        (tmp_path / "bundle" / "bundle.json").write_text(json.dumps(document | {"modalities": modalities}))
        with pytest.raises(BundleError, match=problem):
            load_model(tmp_path / "bundle")


def test_a_bundle_of_an_older_format_hears_the_voice_alone(run: pv.Run, tmp_path: Path) -> None:
    document = json.loads((run.folder / "bundle" / "bundle.json").read_text())
    del document["modalities"]
    (tmp_path / "bundle.json").write_text(json.dumps(document | {"format": 3}))
    assert Manifest.read(tmp_path).modalities == ("audio",)


LIGHT = """
import sys
import paraverbal as pv
found = pv.predict(sys.argv[1], model=sys.argv[2], text="the cup")
print(len(found.shares))
print(sorted({"torch", "polars", "matplotlib", "transformers", "pydantic", "jieba"} & set(sys.modules)))
"""
BARE = """
import sys
sys.modules["tokenizers"] = None
import paraverbal as pv
print(len(pv.predict(sys.argv[1], model=sys.argv[2]).warnings))
try:
    pv.predict(sys.argv[1], model=sys.argv[2], text="the cup")
except pv.ParaverbalError as error:
    print(error)
"""


def test_predicting_with_text_needs_no_torch(run: pv.Run, clip: str) -> None:
    command = [sys.executable, "-c", LIGHT, clip, str(run.folder)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() == ["2", "[]"]


def test_without_tokenizers_the_extra_is_named_and_the_voice_still_judged(run: pv.Run, clip: str) -> None:
    command = [sys.executable, "-c", BARE, clip, str(run.folder)]
    warnings, message = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert warnings == "1"
    assert message == "this needs tokenizers, which is not installed: pip install 'paraverbal[text]'"
