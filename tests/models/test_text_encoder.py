"""Encoders of text: ours, and a tiny BERT that the test makes, saves and loads as any other."""

import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor

from paraverbal.config import read_recipe
from paraverbal.errors import RecipeError, TextError
from paraverbal.models.text_encoder import PretrainedTextEncoder, TextEncoder, text_encoder
from paraverbal.settings import TextSettings
from paraverbal.text import BERT, SpecialTokensWarning, load_tokenizer, wordpiece_tokenizer

transformers = pytest.importorskip("transformers")

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "kids", "dogs", "are", "talk", "##ing", "by", "the", "door")
SMALL = TextSettings(encoder="transformer", width=8, heads=2, layers=2, max_length=16)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the hub has them: config.json, model.safetensors, tokenizer.json."""
    folder = tmp_path_factory.mktemp("hub") / "bert-tiny"
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
    )
    transformers.BertModel(config).save_pretrained(folder)
    vocabulary = {word: index for index, word in enumerate(WORDS)}
    wordpiece_tokenizer(vocabulary, BERT, max_length=32).save(folder / "tokenizer.json")
    return folder


def pretrained(folder: Path, **changes: object) -> TextSettings:
    return TextSettings(encoder="pretrained", pretrained=str(folder), **changes)  # type: ignore[arg-type]


def ids_of(folder: Path, *texts: str) -> tuple[Tensor, Tensor]:
    encoding = load_tokenizer(folder).encode(list(texts))
    return torch.from_numpy(encoding.ids), torch.from_numpy(encoding.mask) > 0


@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
@pytest.mark.parametrize("pooling", ["cls", "mean", "attention"])
def test_a_text_in_a_padded_batch_is_what_it_is_alone(positions: str, pooling: str) -> None:
    settings = SMALL.model_copy(update={"positions": positions, "pooling": pooling})
    encoder = TextEncoder(settings, 30).eval()
    ids = torch.randint(30, (3, 9))
    inside = torch.arange(9) < torch.tensor([[9], [4], [1]])
    together = encoder.pooled(encoder.tokens(ids, inside), inside)
    for row, length in enumerate((9, 4, 1)):
        one = ids[row : row + 1, :length]
        alone = encoder.pooled(encoder.tokens(one, torch.ones_like(one, dtype=torch.bool)), torch.ones_like(one) > 0)
        torch.testing.assert_close(together[row], alone[0], atol=1e-5, rtol=1e-5)


def test_the_order_of_tokens_matters_to_all_but_a_bag() -> None:
    encoder, ids = TextEncoder(SMALL, 30).eval(), torch.tensor([[3, 7, 11]])
    inside = torch.ones(1, 3, dtype=torch.bool)
    forward, back = (encoder.pooled(encoder.tokens(one, inside), inside) for one in (ids, ids.flip(1)))
    assert not torch.allclose(forward, back)


def test_a_pretrained_model_gives_what_transformers_gives(bert: Path) -> None:
    encoder = text_encoder(pretrained(bert), len(WORDS)).eval()
    ids, inside = ids_of(bert, "Kids are talking by the door", "dogs")
    own = transformers.BertModel.from_pretrained(bert).eval()
    expected = own(input_ids=ids, attention_mask=inside.long()).last_hidden_state
    found = encoder.tokens(ids, inside)
    torch.testing.assert_close(found[inside], expected[inside], atol=1e-5, rtol=1e-5)
    cls = text_encoder(pretrained(bert, pooling="cls"), len(WORDS)).eval()
    assert torch.equal(cls.pooled(found, inside), found[:, 0])


def test_a_frozen_model_stays_as_it_is_and_another_learns(bert: Path) -> None:
    ids, inside = ids_of(bert, "dogs are talking")
    for frozen in (True, False):
        encoder = PretrainedTextEncoder(pretrained(bert, frozen=frozen, pooling="attention"), len(WORDS)).train()
        encoder.pooled(encoder.tokens(ids, inside), inside).square().sum().backward()
        assert encoder.model.training is not frozen
        assert all((parameter.grad is None) is frozen for parameter in encoder.model.encoder.parameters())
        assert all(parameter.grad is not None for parameter in encoder.pooling.parameters())


def test_a_text_without_tokens_gives_finite_numbers(bert: Path) -> None:
    encoder = text_encoder(pretrained(bert), len(WORDS)).eval()
    nothing = torch.zeros(1, 1, dtype=torch.bool)
    assert torch.isfinite(encoder.tokens(torch.zeros(1, 1, dtype=torch.long), nothing)).all()


def test_a_pretrained_tokenizer_used_bare_is_warned_about(bert: Path) -> None:
    tokenizer = load_tokenizer(bert)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tokenizer.encode("dogs")
    with pytest.warns(SpecialTokensWarning, match=r"without \[CLS\] \[SEP\]"):
        tokenizer.encode("dogs", special_tokens=False)


def test_what_is_no_model_is_told(bert: Path, tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"no pretrained model can be read from it .*config\.json"):
        text_encoder(pretrained(tmp_path), 5)
    with pytest.raises(TextError, match="has rows for 13 tokens, the tokenizer has 99"):
        text_encoder(pretrained(bert), 99)


def test_a_model_of_sound_reads_no_text(tmp_path: Path) -> None:
    config = transformers.Wav2Vec2Config(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        conv_dim=(4,),
        conv_stride=(5,),
        conv_kernel=(10,),
        num_feat_extract_layers=1,
        num_conv_pos_embedding_groups=2,
        num_conv_pos_embeddings=8,
    )
    transformers.Wav2Vec2Model(config).save_pretrained(tmp_path)
    with pytest.raises(TextError, match="Wav2Vec2Model, which reads no text"):
        text_encoder(pretrained(tmp_path), 5)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (["text.width=10"], "give an even multiple of text.heads"),
        (["text.encoder=pretrained"], "goes with text.encoder"),
        (["text.encoder=pretrained", "text.pretrained=bert", "text.tokenizer=bpe"], "would be trained anew"),
        (["fusion.units=6"], "give an even multiple of fusion.heads"),
        (["text.encoder=transformer", "augment.mixup=0.2"], "their texts cannot be"),
        (["text.encoder=transformer", "fusion.kind=late", "fusion.mix=weights", "fusion.weights=[1.0]"], "give 2"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: list[str], problem: str) -> None:
    with pytest.raises(RecipeError, match=problem):
        read_recipe("baseline-cnn", settings)


def test_only_the_family_text_reads_text_alone() -> None:
    with pytest.raises(RecipeError, match="hears no voice"):
        read_recipe("text-only", ["text.encoder=none"])
    with pytest.raises(RecipeError, match="nothing can be joined with it; take an mlp"):
        read_recipe("spectral-svm", ["text.encoder=transformer"])
    with pytest.raises(RecipeError, match="needs a voice beside the text"):
        read_recipe("text-only", ["fusion.kind=middle", "fusion.attention=cross"])
