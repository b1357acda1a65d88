import warnings
from itertools import combinations

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.svm import SVC

from paraverbal.models.svm import SupportVectorMachine
from paraverbal.settings import SvmSettings
from paraverbal.training.support_vectors import fit_support_vectors

FEATURES = 12
KERNELS = pytest.mark.parametrize("kernel", ["linear", "rbf"])
TOLERANCE = 1e-4


def clips(classes, count=160, seed=0):
    """Return overlapping classes of unequal size, standardised, and points to decide on, some of them far away."""
    rng = np.random.default_rng(seed)
    shares = np.arange(2, classes + 2) / np.arange(2, classes + 2).sum()
    labels = np.concatenate([np.repeat(np.arange(classes), 2), rng.choice(classes, count, p=shares)])
    centres = rng.standard_normal((classes, FEATURES))
    features = centres[labels] + 1.5 * rng.standard_normal((len(labels), FEATURES))
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    points = rng.standard_normal((300, FEATURES)) * rng.choice([0.1, 1, 10], (300, 1))
    return features.astype(np.float32), labels, points.astype(np.float32)


def machine_of(kernel, features, labels, *, cost=1.0, classes=None):
    settings = SvmSettings(kernel=kernel, costs=(cost,))
    machine = SupportVectorMachine(settings, FEATURES, 1, classes or len(np.unique(labels)))
    part = (features, labels)
    fit_support_vectors(machine, part, part, settings, seed=0, select_by="wa")
    return machine


def logits(machine, points):
    return machine(torch.from_numpy(points).unsqueeze(2)).numpy()


@KERNELS
@pytest.mark.parametrize("classes", [3, 4, 8])
@pytest.mark.parametrize("cost", [0.01, 1.0, 100.0])
def test_logits_and_decisions_are_those_of_scikit_learn(kernel, classes, cost):
    features, labels, points = clips(classes)
    machine = machine_of(kernel, features, labels, cost=cost)
    other = SVC(C=cost, kernel=kernel, max_iter=1_000_000, break_ties=True).fit(features, labels)
    given = logits(machine, points)
    np.testing.assert_allclose(given, other.decision_function(points), atol=TOLERANCE)
    assert np.array_equal(given.argmax(axis=1), other.predict(points))
    other.set_params(decision_function_shape="ovo", break_ties=False)
    pairs = machine.decisions(torch.from_numpy(points)).numpy()
    np.testing.assert_allclose(pairs, other.decision_function(points), atol=TOLERANCE, rtol=1e-5)


@KERNELS
def test_two_labels_share_the_one_decision(kernel):
    features, labels, points = clips(2)
    given = logits(machine_of(kernel, features, labels), points)
    other = SVC(kernel=kernel).fit(features, labels)
    decision = other.decision_function(points)
    np.testing.assert_allclose(given, np.stack([-decision / 2, decision / 2], axis=1), atol=TOLERANCE, rtol=1e-5)
    assert np.array_equal(given.argmax(axis=1), other.predict(points))


@KERNELS
@pytest.mark.parametrize("present", [(0, 2, 3), (1, 3)])
def test_a_label_without_training_clips_has_logit_0_and_is_never_predicted(kernel, present):
    features, labels, points = clips(len(present))
    labels = np.array(present)[labels]
    given = logits(machine_of(kernel, features, labels, classes=5), points)
    assert np.array_equal(
        given.argmax(axis=1), SVC(kernel=kernel, break_ties=True).fit(features, labels).predict(points)
    )
    absent = [label for label in range(5) if label not in present]
    assert (given[:, absent] == 0).all()
    assert (given.max(axis=1) > 2 / 3).all()


@KERNELS
def test_votes_of_all_labels_add_up_to_the_number_of_pairs(kernel):
    features, labels, points = clips(6)
    votes = np.round(logits(machine_of(kernel, features, labels), points))  # the share is less than a third
    assert (votes.sum(axis=1) == 15).all()
    assert votes.min() >= 0
    assert votes.max() <= 5


def test_logits_follow_from_decisions_written_down_by_hand():
    machine = SupportVectorMachine(SvmSettings(kernel="linear"), 1, 1, 3)
    machine.load(
        torch.tensor([[1.0], [2.0]]),
        torch.tensor([[1.0, 0.0], [1.0, 1.0], [-1.0, 0.0]]),
        intercepts=torch.tensor([0.0, -6.0, 0.0]),
        pairs=list(combinations(range(3), 2)),
        gamma=1.0,
    )
    # at x = 1: 0 against 1 has 1, 0 against 2 has 1 + 2 - 6 = -3, 1 against 2 has -1
    sums = np.array([1 - 3, -1 - 1, 3 + 1])
    expected = np.array([1, 0, 2]) + sums / (3 * (abs(sums) + 1))
    np.testing.assert_allclose(logits(machine, np.ones((1, 1), np.float32))[0], expected, rtol=1e-6)


@KERNELS
@pytest.mark.parametrize("labels", [2, 5])
def test_before_it_is_loaded_all_logits_are_zero(kernel, labels):
    machine = SupportVectorMachine(SvmSettings(kernel=kernel), 4, None, labels)
    given = machine(torch.randn(3, 4, 1), torch.ones(3, dtype=torch.int64))
    assert torch.equal(given, torch.zeros(3, labels))


@KERNELS
def test_weights_on_disk_give_a_new_machine_the_same_logits(kernel, tmp_path):
    features, labels, points = clips(4)
    machine = machine_of(kernel, features, labels)
    save_file(machine.state_dict(), tmp_path / "weights.safetensors")
    other = torch.nn.ModuleDict({"network": SupportVectorMachine(SvmSettings(kernel=kernel), FEATURES, 1, 4)})
    state = load_file(tmp_path / "weights.safetensors")
    other.load_state_dict({f"network.{name}": tensor for name, tensor in state.items()})
    assert np.array_equal(logits(other["network"], points), logits(machine, points))


@KERNELS
def test_an_empty_machine_on_disk_can_be_read(kernel, tmp_path):
    machine = SupportVectorMachine(SvmSettings(kernel=kernel), FEATURES, 1, 4)
    save_file(machine.state_dict(), tmp_path / "weights.safetensors")
    features, labels, points = clips(4)
    loaded = machine_of(kernel, features, labels)
    loaded.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert not logits(loaded, points).any()


@pytest.mark.parametrize(("kernel", "features", "labels"), [("linear", 12, 4), ("rbf", 11, 4), ("rbf", 12, 3)], ids=str)
def test_weights_of_another_machine_are_refused(kernel, features, labels):
    state = machine_of("rbf", *clips(4)[:2]).state_dict()
    other = SupportVectorMachine(SvmSettings(kernel=kernel), features, 1, labels)
    with pytest.raises(RuntimeError, match="size mismatch"):
        other.load_state_dict(state)


def test_missing_weights_are_named():
    state = machine_of("rbf", *clips(4)[:2]).state_dict()
    del state["intercepts"]
    with pytest.raises(RuntimeError, match=r"Missing key.*intercepts"):
        SupportVectorMachine(SvmSettings(), FEATURES, 1, 4).load_state_dict(state)


def test_a_linear_machine_does_not_grow_with_the_data():
    sizes = []
    for count in (40, 400):
        machine = machine_of("linear", *clips(3, count)[:2], cost=0.01)
        sizes.append({name: tuple(tensor.shape) for name, tensor in machine.state_dict().items()})
    assert sizes[0] == sizes[1]
    assert sizes[0]["coefficients"] == (3, FEATURES)
    assert sizes[0]["vectors"] == (0, FEATURES)


def test_features_are_their_own_embedding_and_one_frame_is_enough():
    machine = SupportVectorMachine(SvmSettings(), 4, None, 3)
    features = torch.randn(5, 4, 1)
    assert torch.equal(machine.embed(features, torch.ones(5, dtype=torch.int64)), features[:, :, 0])
    assert machine.minimum_frames == 1


@KERNELS
@pytest.mark.parametrize("classes", [2, 8])
def test_the_exported_graph_gives_the_same_logits_at_every_batch(kernel, classes, tmp_path):
    features, labels, points = clips(classes)
    machine = machine_of(kernel, features, labels, cost=100.0).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch and onnxscript of their own deprecations
        program = torch.onnx.export(
            machine,
            (torch.zeros(2, FEATURES, 1),),
            dynamo=True,
            input_names=["features"],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            verbose=False,
        )
    program.save(str(tmp_path / "model.onnx"), external_data=False)
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    for batch in (1, 2, 7, 300):
        (given,) = session.run(None, {"features": points[:batch, :, np.newaxis]})
        np.testing.assert_allclose(given, logits(machine, points[:batch]), atol=1e-5, rtol=1e-5)
