import json

import pytest
from tests.bundles import write_bundle

import paraverbal as pv
from paraverbal.bundle.format import Manifest
from paraverbal.corpora import read_corpus
from paraverbal.errors import BundleError, ExportError, RunError, SplitError
from paraverbal.report import deploy
from paraverbal.report.deploy import Measured, export, write_card


def test_a_folder_holds_graph_manifest_and_card(tmp_path):
    source = write_bundle(tmp_path / "tiny")
    folder = export(source, tmp_path / "out", name="mine", licence="mit")
    assert sorted(file.name for file in folder.iterdir()) == ["README.md", "bundle.json", "model.onnx"]
    assert (folder / "model.onnx").read_bytes() == (source / "model.onnx").read_bytes()
    manifest = Manifest.read(folder)
    assert (manifest.name, manifest.licence, manifest.precision) == ("mine", "mit", "fp32")


def test_a_tokenizer_goes_along(tmp_path):
    source = write_bundle(tmp_path / "tiny")
    (source / "tokenizer.json").write_text("{}")
    assert (export(source, tmp_path / "out") / "tokenizer.json").read_text() == "{}"


def test_a_bundle_folder_becomes_8_bits_and_says_so(tmp_path):
    folder = export(pv.load_model("default").folder, tmp_path / "out", precision="int8")
    assert Manifest.read(folder).precision == "int8"
    assert "What its weights of 8 bits cost was not measured." in (folder / "README.md").read_text()
    assert pv.load_model(folder).labels == pv.load_model("default").labels


def test_what_8_bits_cost_is_measured_on_the_runs_own_clips(run, flawed, tmp_path):
    told = []
    folder = export(
        run.folder, tmp_path / "out", precision="int8", measured=Measured(read_corpus(flawed), None, told.append)
    )
    measured = Manifest.read(folder).scores["int8"]
    scores = run.document["parts"]
    for part in ("valid", "test"):
        assert measured[part]["clips"] == scores[part]["clips"]
        assert measured[part]["uar_fp32"] == pytest.approx(scores[part]["uar"])
        assert measured[part]["lost"] == pytest.approx(measured[part]["uar_fp32"] - measured[part]["uar"])
    assert "| test | " in (folder / "README.md").read_text().split("of 8 bits cost on the same clips")[1]
    assert [words.partition(":")[0] for words in told] == ["valid", "test"]


def test_the_card_is_written_anew_from_the_manifest_alone(tmp_path):
    folder = export(write_bundle(tmp_path / "tiny"), tmp_path / "out")
    card = (folder / "README.md").read_text()
    (folder / "README.md").write_text("lost")
    assert write_card(folder).read_text() == card


def test_the_bundled_models_cards_are_what_their_manifests_give(tmp_path):
    for name in pv.bundle.load.model_names():
        folder = pv.load_model(name).folder
        copy = tmp_path / name
        copy.mkdir()
        (copy / "bundle.json").write_bytes((folder / "bundle.json").read_bytes())
        assert (folder / "README.md").read_text(encoding="utf-8") == write_card(copy).read_text(encoding="utf-8")


def test_what_fails_leaves_no_folder(tmp_path, monkeypatch):
    def fail(*_):
        raise ExportError("no")

    monkeypatch.setattr("paraverbal.bundle.quantize.check_quantized", fail)
    with pytest.raises(ExportError, match="no"):
        export("default", tmp_path / "out", precision="int8")
    assert not (tmp_path / "out").exists()


def test_weights_go_along_where_asked_for(tmp_path):
    run = write_bundle(tmp_path / "run")
    with pytest.raises(
        BundleError, match=r"run: has no model\.safetensors; export the run folder, or leave the weights out"
    ):
        export(run, tmp_path / "out", weights=True)
    (run / "model.safetensors").write_bytes(b"weights")
    assert (export(run, tmp_path / "with", weights=True) / "model.safetensors").read_bytes() == b"weights"
    assert not (export(run, tmp_path / "without") / "model.safetensors").exists()


def test_impossible_requests_are_refused(tmp_path, synthetic):
    with pytest.raises(ExportError, match="precision 'int4' is unknown; known: fp32, int8"):
        export("default", tmp_path / "out", precision="int4")
    twice = write_bundle(tmp_path / "tiny", precision="int8")
    with pytest.raises(ExportError, match="tiny is int8 already"):
        export(twice, tmp_path / "out", precision="int8")
    with pytest.raises(ExportError, match="give --precision int8 too"):
        export("default", tmp_path / "out", measured=Measured(read_corpus(synthetic)))
    with pytest.raises(SplitError, match=r"give the split\.csv of the training with --split"):
        export("default", tmp_path / "out", precision="int8", measured=Measured(read_corpus(synthetic)))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(RunError, match="not empty"):
        export("default", tmp_path / "full")
    assert not (tmp_path / "out").exists()


def test_a_manifest_of_an_unknown_precision_is_refused(tmp_path):
    folder = write_bundle(tmp_path / "tiny")
    document = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(document | {"precision": "int4"}))
    with pytest.raises(pv.ParaverbalError, match="precision is 'int4', one of fp32, int8 was expected"):
        Manifest.read(folder)
    del document["precision"]
    (folder / "bundle.json").write_text(json.dumps(document))
    assert Manifest.read(folder).precision == "fp32"


def test_the_command_exports_8_bits_and_measures(command, refused, run, flawed, tmp_path):
    code, out, err = command(
        "export", run.folder, "--output", tmp_path / "out", "--precision", "int8", "--corpus", flawed
    )
    assert (code, out) == (0, f"{tmp_path / 'out'}\n")
    assert "test: " in err
    assert "give that too" in refused("export", "default", "--output", tmp_path / "no", "--split", "split.csv")
    assert deploy.PRECISIONS == ("fp32", "int8")
