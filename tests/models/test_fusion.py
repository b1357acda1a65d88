"""Fusion of voice, text and other sequences: masks, missing inputs, hiding in training, and each kind's arithmetic."""

import itertools

import pytest
import torch
from tests.tiny import small
from torch import Tensor, nn

from paraverbal.models.fusion import Beside, Fusion, hidden
from paraverbal.models.model import FAMILIES, SpeechModel
from paraverbal.models.signal_encoder import SignalEncoder, SignalSettings
from paraverbal.models.text_encoder import TextEncoder
from paraverbal.settings import FusionSettings, TextSettings

LABELS = ("anger", "neutral", "sadness")
TEXT = TextSettings(encoder="transformer", width=8, heads=2, layers=1)
VOCABULARY = 20
KINDS = {
    "early": FusionSettings(kind="early", units=8),
    "middle": FusionSettings(kind="middle", units=8),
    "cross": FusionSettings(kind="middle", attention="cross", units=8),
    "late": FusionSettings(kind="late"),
    "late, weighed": FusionSettings(kind="late", mix="weights", mean="arithmetic", weights=(3.0, 1.0, 1.0)),
}
# A recipe of each family that can be joined.
RECIPES = {
    "cnn": "baseline-cnn",
    "cnn-lstm": "cnn-lstm-16khz",
    "local-features-lstm": "mel-cnn-lstm-attention",
    "mlp": "functionals-mlp",
    "recurrent": "baseline-lstm",
    "residual": "paraverbal-small",
}
SHAPES = {"residual": ["model.channels=[4, 8]", "augment.mixup=0.0"]}
every_kind = pytest.mark.parametrize("kind", KINDS)


def fusion(kind: str) -> Fusion:
    """Voice, text and skin conductance; answers differ from clip to clip."""
    torch.manual_seed(0)
    audio = SpeechModel(small("baseline-lstm"), LABELS).network
    encoders = {"text": TextEncoder(TEXT, VOCABULARY), "skin": SignalEncoder(SignalSettings(2, width=8, heads=2))}
    return lively(Fusion(KINDS[kind], audio, encoders, labels=3)).eval()


def lively(network: Fusion) -> Fusion:
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2)
    return network


def given(clips: int = 4) -> tuple[Tensor, dict[str, tuple[Tensor, Tensor]]]:
    torch.manual_seed(1)
    features = torch.randn(clips, small("baseline-lstm").frontend.rows, 30)
    text = torch.randint(VOCABULARY, (clips, 6)), (torch.arange(6) < torch.arange(3, 3 + clips).unsqueeze(1)).long()
    skin = torch.randn(clips, 9, 2), (torch.arange(9) < torch.arange(9, 9 - clips, -1).unsqueeze(1)).long()
    return features, {"text": text, "skin": skin}


def rows(beside: Beside, chosen: slice) -> dict[str, tuple[Tensor, Tensor]]:
    """Some clips of sequences, cut to their own longest."""
    cut = {name: (values[chosen], inside[chosen]) for name, (values, inside) in beside.items()}
    ends = {name: max(1, int(inside.sum(dim=1).max())) for name, (_, inside) in cut.items()}
    return {name: (values[:, : ends[name]], inside[:, : ends[name]]) for name, (values, inside) in cut.items()}


@every_kind
@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"svm"}))
def test_every_family_is_joined_in_every_kind(family: str, kind: str) -> None:
    settings = KINDS[kind]
    overrides = [f"fusion.{key}={getattr(settings, key)!r}".replace("'", '"') for key in ("kind", "attention", "units")]
    text = ["text.encoder=transformer", "text.width=8", "text.layers=1", "text.vocabulary_size=20"]
    model = SpeechModel(small(RECIPES[family], *SHAPES.get(family, ()), *overrides, *text), LABELS)
    lively(model.network).train()
    assert model.modalities == ("audio", "text")
    waveforms = torch.randn(4, 16_000) * torch.linspace(0.01, 0.3, 4).unsqueeze(1)
    beside = {"text": given()[1]["text"]}
    model.scaling.fit(model.frontend(waveforms))
    logits, _ = model.answer(model.frontend(waveforms), None, beside)
    assert logits.shape == (4, 3)
    logits.square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.network.parameters())
    model.eval()
    both = model.answer(model.frontend(waveforms), None, beside)[0]
    voice = model.answer(model.frontend(waveforms))[0]
    other = model.answer(model.frontend(waveforms.flip(0)), None, beside)[0]
    assert not torch.allclose(both, voice)
    assert not torch.allclose(both, other)


@every_kind
def test_a_clip_in_a_padded_batch_is_what_it_is_alone(kind: str) -> None:
    network, (features, beside) = fusion(kind), given()
    lengths = torch.tensor([30, 22, 9, 1])
    together = network(features, lengths, beside)
    for row, length in enumerate(lengths):
        one = slice(row, row + 1)
        alone = network(features[one, :, :length], None, rows(beside, one))
        torch.testing.assert_close(together[one], alone, atol=1e-5, rtol=1e-5)


@every_kind
@pytest.mark.parametrize("place", range(3))
def test_what_stands_in_for_a_missing_input_changes_nothing(kind: str, place: int) -> None:
    network, (features, beside) = fusion(kind), given()
    present = torch.ones(4, 3, dtype=torch.long)
    present[:, place] = 0
    others = [torch.zeros_like(features), torch.randint(VOCABULARY, (4, 6)), torch.full((4, 9, 2), 50.0)]
    changed = {name: (others[1 + index], inside) for index, (name, (_, inside)) in enumerate(beside.items())}
    expected = network(features, None, beside, present)
    found = (
        network(others[0], None, beside, present)
        if place == 0
        else network(features, None, beside | dict([list(changed.items())[place - 1]]), present)
    )
    assert torch.equal(found, expected)
    assert not torch.allclose(expected, network(features, None, beside))


@every_kind
def test_an_empty_mask_a_flag_and_leaving_out_mean_the_same(kind: str) -> None:
    network, (features, beside) = fusion(kind), given()
    flag = torch.tensor([1, 1, 0]).expand(4, -1)
    values, inside = beside["skin"]
    by_flag = network(features, None, beside, flag)
    by_mask = network(features, None, beside | {"skin": (values, torch.zeros_like(inside))})
    left_out = network(features, None, {"text": beside["text"]})
    torch.testing.assert_close(by_flag, by_mask)
    torch.testing.assert_close(by_flag, left_out)


@every_kind
def test_nothing_at_all_is_answered_the_same_for_all_clips(kind: str) -> None:
    network, (features, beside) = fusion(kind), given()
    logits = network(features, None, beside, torch.zeros(4, 3))
    assert torch.isfinite(logits).all()
    torch.testing.assert_close(logits, logits[:1].expand(4, -1))


@every_kind
def test_the_embedding_is_finite_and_one_for_each_clip(kind: str) -> None:
    network, (features, beside) = fusion(kind), given()
    embedding = network.embed(features, None, beside)
    assert embedding.shape[0] == 4
    assert torch.isfinite(embedding).all()
    if network.settings.kind != "late":
        assert torch.equal(network.output(embedding), network(features, None, beside))


def test_late_fusion_is_a_weighted_mean_of_probabilities() -> None:
    network, (features, beside) = fusion("late, weighed"), given()
    alone = [network(features, None, beside, torch.eye(3)[[place] * 4]).softmax(dim=1) for place in range(3)]
    expected = (3 * alone[0] + alone[1] + alone[2]) / 5
    torch.testing.assert_close(network(features, None, beside).softmax(dim=1), expected)
    without_text = network(features, None, beside, torch.tensor([[1, 0, 1]] * 4))
    torch.testing.assert_close(without_text.softmax(dim=1), (3 * alone[0] + alone[2]) / 4)


def test_a_learned_mix_begins_even_and_is_a_geometric_mean() -> None:
    network, (features, beside) = fusion("late"), given()
    with torch.no_grad():
        network.join.log_weights.zero_()
    alone = [network(features, None, beside, torch.eye(3)[[place] * 4]).softmax(dim=1) for place in range(3)]
    means = (alone[0] * alone[1] * alone[2]) ** (1 / 3)
    expected = means / means.sum(dim=1, keepdim=True)
    torch.testing.assert_close(network(features, None, beside).softmax(dim=1), expected)


def test_dimensions_are_mixed_as_probabilities_are() -> None:
    encoders = {"text": TextEncoder(TEXT, VOCABULARY)}
    audio = SpeechModel(small("baseline-lstm"), LABELS).network
    settings = FusionSettings(kind="late", mix="weights", weights=(1.0, 3.0))
    network = Fusion(settings, audio, encoders, labels=3, outputs=5).eval()
    features, beside = given()
    alone = [network(features, None, beside, torch.eye(2)[[place] * 4])[:, 3:] for place in range(2)]
    torch.testing.assert_close(network(features, None, beside)[:, 3:], (alone[0] + 3 * alone[1]) / 4)


def test_hiding_takes_something_and_leaves_something() -> None:
    torch.manual_seed(0)
    present = torch.tensor(list(itertools.product([False, True], repeat=3))).repeat(500, 1)
    left = hidden(present)
    assert not (left & ~present).any()
    assert torch.equal(left.any(dim=1), present.any(dim=1))
    several = present.sum(dim=1) > 1
    assert (left != present).any(dim=1)[several].all()
    assert torch.equal(left[~several], present[~several])
    counts = hidden(torch.ones(20_000, 2, dtype=torch.bool)).float()
    assert torch.equal(counts.sum(dim=1), torch.ones(20_000))
    torch.testing.assert_close(counts.mean(dim=0), torch.full((2,), 0.5), atol=0.02, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_training_answers_with_everything_and_with_some_hidden(kind: str) -> None:
    network, (features, beside) = fusion(kind), given()
    whole = network(features, None, beside)
    torch.manual_seed(3)
    both = network(features, None, beside, twice=True)
    torch.testing.assert_close(both[:4], whole)
    torch.manual_seed(3)
    left = hidden(torch.ones(4, 3, dtype=torch.bool))
    torch.testing.assert_close(both[4:], network(features, None, beside, left))
    assert not torch.allclose(both[4:], whole)


def test_a_hidden_view_counts_as_much_as_modality_dropout_says() -> None:
    assert fusion("early").view_shares == (0.7, 0.3)
    encoders = {"text": TextEncoder(TEXT, VOCABULARY)}
    audio = SpeechModel(small("baseline-lstm"), LABELS).network
    assert Fusion(FusionSettings(modality_dropout=0.0), audio, encoders, labels=3).view_shares == (1.0,)
    assert Fusion(FusionSettings(), None, encoders, labels=3).view_shares == (1.0,)


def test_a_third_signal_tells_what_neither_voice_nor_text_does() -> None:
    """Skin conductance that rises where somebody is afraid; voice and text are noise."""
    torch.manual_seed(0)
    clips = 48
    truth = torch.arange(clips) % 3
    features = torch.randn(clips, small("baseline-lstm").frontend.rows, 10)
    text = torch.randint(VOCABULARY, (clips, 4)), torch.ones(clips, 4, dtype=torch.long)
    slopes = torch.tensor([-2.0, 0.0, 2.0])[truth]
    skin = slopes.unsqueeze(1) * torch.linspace(-1, 1, 12) + 0.1 * torch.randn(clips, 12)
    beside = {"text": text, "skin": (skin.unsqueeze(2), torch.ones(clips, 12, dtype=torch.long))}
    audio = SpeechModel(small("baseline-lstm"), LABELS).network
    encoders = {"text": TextEncoder(TEXT, VOCABULARY), "skin": SignalEncoder(SignalSettings(1, width=16, heads=2))}
    network = Fusion(FusionSettings(kind="early", units=16), audio, encoders, labels=3)
    assert network.modalities == ("audio", "text", "skin")
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(80):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network.train()(features, None, beside), truth).backward()
        optimizer.step()
    network.eval()
    everything = torch.ones(clips, 3)
    without_skin = torch.tensor([1, 1, 0]).expand(clips, -1)
    skin_alone = torch.tensor([0, 0, 1]).expand(clips, -1)
    with torch.inference_mode():
        right = [
            (network(features, None, beside, flags).argmax(1) == truth).float().mean()
            for flags in (everything, skin_alone)
        ]
        assert min(right) > 0.95
        noise = torch.randn_like(features), {"text": (text[0].flip(0), text[1])}
        assert (network(noise[0], None, noise[1], without_skin).argmax(1) == truth).float().mean() < 0.7


def test_what_cannot_be_joined_is_refused() -> None:
    encoders = {"text": TextEncoder(TEXT, VOCABULARY)}
    with pytest.raises(ValueError, match="fusion of nothing"):
        Fusion(KINDS["early"], None, {}, labels=3)
    with pytest.raises(ValueError, match="needs two kinds of input, there is text alone"):
        Fusion(KINDS["cross"], None, encoders, labels=3)
    with pytest.raises(ValueError, match="has 3 numbers for text; give one for each"):
        Fusion(KINDS["late, weighed"], None, encoders, labels=3)
