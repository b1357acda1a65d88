"""The multilayer perceptron: its layers, its sizes, and that a clip's statistics are all it sees."""

import itertools

import pytest
import torch
from torch.nn import functional

from paraverbal.models.mlp import MultilayerPerceptron
from paraverbal.settings import MlpSettings


def test_it_is_linear_layers_with_relu_between() -> None:
    torch.manual_seed(0)
    network = MultilayerPerceptron(MlpSettings(widths=(7, 5)), 11, None, 3).eval()
    features = torch.randn(4, 11, 1)
    hidden = features[:, :, 0]
    for layer in (network.hidden.linear0, network.hidden.linear1):
        hidden = (hidden @ layer.weight.T + layer.bias).clamp(min=0)
    torch.testing.assert_close(network.embed(features), hidden)
    torch.testing.assert_close(network(features), functional.linear(hidden, network.output.weight, network.output.bias))


@pytest.mark.parametrize("units", [(), (64,), (64, 32)])
def test_its_parameters_are_those_of_its_widths(units: tuple[int, ...]) -> None:
    widths = (88, *units, 5)
    expected = sum(given * out + out for given, out in itertools.pairwise(widths))
    network = MultilayerPerceptron(MlpSettings.model_construct(widths=units, dropout=0.5), 88, None, 5)
    assert sum(one.numel() for one in network.parameters()) == expected


def test_dropout_changes_what_training_sees_and_not_what_evaluation_answers() -> None:
    torch.manual_seed(0)
    network = MultilayerPerceptron(MlpSettings(widths=(64,), dropout=0.5), 88, None, 5)
    features = torch.randn(2, 88, 1)
    assert not torch.equal(network.train()(features), network(features))
    assert torch.equal(network.eval()(features), network(features))
