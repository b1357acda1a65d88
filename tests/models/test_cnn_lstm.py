import torch

from paraverbal.config import read_recipe
from paraverbal.models.model import SpeechModel, summary
from paraverbal.settings import Recipe

FIVE = ("anger", "fear", "happiness", "neutral", "sadness")


def test_the_recipe_has_reference_1s_parameters_at_five_labels() -> None:
    assert SpeechModel(read_recipe("cnn-lstm"), FIVE).parameters_count == 2_752_197


def test_three_seconds_pass_the_shapes_that_reference_1_states() -> None:
    model = SpeechModel(read_recipe("cnn-lstm"), FIVE)
    shapes = {layer.name: layer.output for layer in summary(model)}
    assert shapes["frontend"] == (1, 128, 282)
    assert shapes["network.blocks.0.pool"] == (1, 32, 64, 141)
    assert shapes["network.blocks.1.pool"] == (1, 64, 32, 70)
    assert shapes["network.blocks.2.pool"] == (1, 128, 16, 35)
    assert shapes["network.lstm"] == (1, 35, 256)
    assert shapes["network.hidden"] == (1, 128)
    assert shapes["network.output"] == (1, 5)
    assert model.network.lstm.input_size == 2048


def test_layers_of_a_summary_hold_all_parameters() -> None:
    model = SpeechModel(read_recipe("cnn-lstm"), FIVE)
    layers = {layer.name: layer.parameters for layer in summary(model)}  # dropout passes several times
    assert sum(layers.values()) == model.parameters_count


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
