"""A model begins with another's weights: all that both share, and nothing that would hear something else."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from tests.tiny import TINY, small

from paraverbal.bundle.format import Manifest
from paraverbal.config import read_recipe
from paraverbal.errors import BundleError, RunError
from paraverbal.experiment.lineage import with_lineage
from paraverbal.models.model import SpeechModel
from paraverbal.training.transfer import begin_with

SAME = ("anger", "fear", "happiness", "neutral", "sadness")


def made(*overrides: str, labels=SAME) -> SpeechModel:
    torch.manual_seed(9)
    return SpeechModel(read_recipe("cnn-lstm", [*TINY, *overrides]), labels)


def test_the_model_answers_as_the_other_one_does(run) -> None:
    model = made()
    start = begin_with(model, str(run.folder))
    assert (start.kept, start.new) == (SAME, ())
    given = load_file(run.folder / "bundle" / "model.safetensors")
    own = model.state_dict()
    assert set(own) == set(given)
    assert all(torch.equal(own[name], given[name]) for name in own)


def test_rows_of_shared_emotions_are_kept_and_others_are_new(run) -> None:
    labels = ("boredom", "fear", "sadness")
    model = made(labels=labels)
    before = model.network.output.weight.clone()
    start = begin_with(model, str(run.folder))
    given = load_file(run.folder / "bundle" / "model.safetensors")["network.output.weight"]
    assert (start.kept, start.new) == (("fear", "sadness"), ("boredom",))
    assert str(start) == (
        "beginning with the weights of cnn-lstm; its answers for fear, sadness are kept; a new head for boredom"
    )
    weight = model.network.output.weight
    assert torch.equal(weight[0], before[0])
    assert torch.equal(weight[1:], given[[SAME.index("fear"), SAME.index("sadness")]])


def test_another_front_end_is_an_error_that_names_what_differs(run) -> None:
    with pytest.raises(RunError, match=r"another front end \(frontend\.bands 24 there, 20 here\); take the recipe"):
        begin_with(made("frontend.bands=20"), str(run.folder))
    with pytest.raises(RunError, match=r"audio\.sampling_rate 16000 there, 8000 here"):
        begin_with(made("audio.sampling_rate=8000", "frontend.fmax=4000"), str(run.folder))


def test_another_network_is_an_error(run) -> None:
    words = r"is another network than the recipe's \(model\.channels .* there, \[4, 9\] here\); take the recipe .*\(cnn-lstm\)"
    with pytest.raises(RunError, match=words):
        begin_with(made("model.channels=[4, 9]"), str(run.folder))
    begin_with(made("model.dropout=0.7"), str(run.folder))
    other = small("paraverbal-small")
    with pytest.raises(RunError, match="another front end"):
        begin_with(SpeechModel(other, SAME), str(run.folder))


def test_a_bundle_without_weights_and_no_bundle_are_errors(run, tmp_path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(run.folder / "bundle", bare)
    (bare / "model.safetensors").unlink()
    with pytest.raises(RunError, match=r"has no model\.safetensors"):
        begin_with(made(), str(bare))
    with pytest.raises(BundleError):
        begin_with(made(), str(tmp_path / "nowhere"))


def test_a_training_goes_on_from_a_run_and_says_so(run, synthetic, tmp_path) -> None:
    import paraverbal as pv

    told: list[str] = []
    recipe = read_recipe("cnn-lstm", [*TINY, f"training.init={json.dumps(str(run.folder))}", "training.epochs=1"])
    tuned = pv.train(recipe, synthetic, output=tmp_path / "tuned", progress=told.append)
    assert f"beginning with the weights of cnn-lstm; its answers for {', '.join(SAME)} are kept" in told
    scaling = [load_file(folder / "bundle" / "model.safetensors") for folder in (run.folder, tuned.folder)]
    names = [name for name in scaling[0] if name.startswith("scaling.")]
    assert names
    assert all(torch.equal(scaling[0][name], scaling[1][name]) for name in names)
    again = pv.train(recipe, synthetic, output=tmp_path / "tuned", resume=True)
    assert again.document["parts"]["test"]["uar"] == tuned.document["parts"]["test"]["uar"]


def test_what_the_first_model_was_trained_on_and_its_licence_are_inherited(run, synthetic, tmp_path) -> None:
    import paraverbal as pv

    told: list[str] = []
    recipe = read_recipe("cnn-lstm", [*TINY, f"training.init={json.dumps(str(run.folder))}", "training.epochs=1"])
    tuned = pv.train(recipe, pv.read_corpus(synthetic, name="flawed"), output=tmp_path / "tuned", progress=told.append)
    data = tuned.model.manifest.training_data
    assert [(one["name"], one.get("through")) for one in data] == [("flawed", None), ("flawed", "cnn-lstm")]
    assert data[1]["clips"] == run.model.manifest.training_data[0]["clips"]
    finding = tuned.document["audit"]["lineage"]
    assert (finding["verdict"], finding["items"]) == ("notice", {"flawed": data[1]["clips"]})
    assert any(
        "trained on clips of flawed: if test clips are among them, the score is too good" in line for line in told
    )


def test_a_model_that_does_not_fit_is_refused_before_anything_is_written(run, synthetic, tmp_path) -> None:
    import paraverbal as pv

    for extra in ("model.channels=[4, 9]", "frontend.bands=20"):
        recipe = read_recipe("cnn-lstm", [*TINY, f"training.init={json.dumps(str(run.folder))}", extra])
        for ask in (pv.train, pv.crossval):
            with pytest.raises(RunError, match="take the recipe that it was trained with"):
                ask(recipe, synthetic, output=tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_licences_are_joined_where_they_differ() -> None:
    one = Manifest(name="first", labels=("a", "b"), sampling_rate=8000, seconds=1.0, hop_seconds=1.0, licence="MIT")
    assert with_lineage(one, None) == one
    assert with_lineage(one, one).licence == "MIT"
    assert with_lineage(replace(one, licence="CC0-1.0"), one).licence == "CC0-1.0; weights of first: MIT"
