import torch
from torch import nn

from paraverbal.config import Recipe, read_recipe
from paraverbal.models.cnn_lstm import ConvBlock
from paraverbal.models.model import SpeechModel, summary

FIVE = ("anger", "fear", "happiness", "neutral", "sadness")


def test_the_recipe_has_reference_1s_parameters_at_five_labels() -> None:
    assert SpeechModel(read_recipe("cnn-lstm"), FIVE).parameters_count == 2_752_197


def test_three_seconds_pass_the_shapes_that_reference_1_states() -> None:
    model = SpeechModel(read_recipe("cnn-lstm"), FIVE)
    shapes = {layer.name: layer.output for layer in summary(model)}
    assert shapes["frontend"] == (1, 128, 282)
    assert shapes["network.convolutions.0.3"] == (1, 32, 64, 141)
    assert shapes["network.convolutions.1.3"] == (1, 64, 32, 70)
    assert shapes["network.convolutions.2.3"] == (1, 128, 16, 35)
    assert shapes["network.lstm"] == (1, 35, 256)
    assert shapes["network.hidden"] == (1, 128)
    assert shapes["network.output"] == (1, 5)
    assert model.network.lstm.input_size == 2048


def test_layers_of_a_summary_hold_all_parameters() -> None:
    model = SpeechModel(read_recipe("cnn-lstm"), FIVE)
    layers = {layer.name: layer.parameters for layer in summary(model)}  # dropout passes several times
    assert sum(layers.values()) == model.parameters_count


def test_pooling_before_the_relu_changes_neither_output_nor_gradient() -> None:
    torch.manual_seed(0)
    block = ConvBlock(1, 4).double()
    published = nn.Sequential(block[0], block[1], nn.ReLU(), nn.MaxPool2d(2))
    weight = torch.randn(3, 4, 4, 6, dtype=torch.float64)
    spectrograms = torch.randn(3, 1, 8, 13, dtype=torch.float64)
    gradients = []
    for order in (block, published):
        block.zero_grad()
        output = order(spectrograms)
        (output * weight).sum().backward()
        gradients.append([parameter.grad.clone() for parameter in block.parameters()])
    torch.testing.assert_close(block(spectrograms), published(spectrograms), atol=0, rtol=0)
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-12, rtol=0)


def test_a_clip_in_a_batch_has_the_logits_it_has_alone(tiny_recipe: Recipe) -> None:
    torch.manual_seed(0)
    model = SpeechModel(tiny_recipe, FIVE).eval()
    batch = 0.1 * torch.randn(4, 16_000)
    alone = torch.cat([model(one.unsqueeze(0)) for one in batch])
    torch.testing.assert_close(model(batch), alone, atol=1e-5, rtol=0)


def test_the_shortest_clip_that_a_model_names_passes_and_a_shorter_one_does_not(tiny_recipe: Recipe) -> None:
    model = SpeechModel(tiny_recipe, FIVE).eval()
    assert model(torch.zeros(1, model.minimum_samples)).shape == (1, 5)
    hop = tiny_recipe.frontend.hop_length
    try:
        model(torch.zeros(1, model.minimum_samples - hop))
    except RuntimeError:
        return
    raise AssertionError("a clip shorter than minimum_samples passed")
