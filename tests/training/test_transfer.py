"""A model begins with another's weights: all that both share, and nothing that would hear something else."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file
from tests.tiny import TINY, small

from paraverbal.config import read_recipe
from paraverbal.errors import BundleError, RunError
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
    assert str(start) == "beginning with the weights of cnn-lstm; a new head for boredom"
    weight = model.network.output.weight
    assert torch.equal(weight[0], before[0])
    assert torch.equal(weight[1:], given[[SAME.index("fear"), SAME.index("sadness")]])


def test_another_front_end_is_an_error_that_names_what_differs(run) -> None:
    with pytest.raises(RunError, match=r"another front end \(frontend\.bands 24 there, 20 here\); take the recipe"):
        begin_with(made("frontend.bands=20"), str(run.folder))
    with pytest.raises(RunError, match=r"audio\.sampling_rate 16000 there, 8000 here"):
        begin_with(made("audio.sampling_rate=8000", "frontend.fmax=4000"), str(run.folder))


def test_another_network_is_an_error(run) -> None:
    with pytest.raises(RunError, match="is another network than the recipe's"):
        begin_with(made("model.channels=[4, 9]"), str(run.folder))
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
    assert "beginning with the weights of cnn-lstm" in told
    scaling = [load_file(folder / "bundle" / "model.safetensors") for folder in (run.folder, tuned.folder)]
    names = [name for name in scaling[0] if name.startswith("scaling.")]
    assert names
    assert all(torch.equal(scaling[0][name], scaling[1][name]) for name in names)
    again = pv.train(recipe, synthetic, output=tmp_path / "tuned", resume=True)
    assert again.document["parts"]["test"]["uar"] == tuned.document["parts"]["test"]["uar"]
