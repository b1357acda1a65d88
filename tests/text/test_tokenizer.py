"""Arrays are those of the library, padding is masked, bad input has a stated answer, and text comes back."""

import unicodedata
import warnings

import numpy as np
import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st
from tests.text.tiny import ENGLISH, UNAFFABLE, trained

from paraverbal.text import BERT, SEQUENCE, SpecialTokensWarning, TextError, clean, train_tokenizer, wordpiece_tokenizer
from paraverbal.text.training import KINDS

EMOJI = "😀👩‍👩‍👧🎉"
MIXED = "Hello 你好 Привет مرحبا שלום こんにちは"

every_kind = pytest.mark.parametrize("kind", KINDS)


def library(tokenizer):
    """The library's own tokenizer with the same settings."""
    return tokenizer.backend()


def test_unaffable_is_three_pieces_in_a_frame():
    tokenizer = wordpiece_tokenizer(UNAFFABLE)
    encoding = tokenizer.encode("unaffable")
    assert tokenizer.tokens("unaffable", special_tokens=True) == ["[CLS]", "un", "##aff", "##able", "[SEP]"]
    assert encoding.ids.tolist() == [[0, 2, 3, 4, 1]]
    assert encoding.segments.tolist() == [[0, 0, 0, 0, 0]]
    assert encoding.mask.tolist() == [[1, 1, 1, 1, 1]]
    assert tokenizer.decode(encoding) == ["unaffable"]


def test_in_sequence_style_bos_is_0_eos_1_and_pad_2():
    tokenizer = trained("bpe")
    encoding = tokenizer.encode(["Dogs are sitting", "Kids"])
    assert [tokenizer.id_of(name) for name in ("<bos>", "<eos>", "<pad>")] == [0, 1, 2]
    assert encoding.ids[:, 0].tolist() == [0, 0]
    assert encoding.ids[1].tolist() == [0, tokenizer.id_of("Kids"), 1, *[2] * (encoding.ids.shape[1] - 3)]
    assert [row[length - 1] for row, length in zip(encoding.ids, encoding.lengths, strict=True)] == [1, 1]


@every_kind
def test_a_batch_is_what_the_library_makes_of_each_text(kind):
    tokenizer = trained(kind)
    texts = [*ENGLISH[:4], "", "a b", MIXED]
    encoding = tokenizer.encode(texts, offsets=True)
    assert {encoding.ids.dtype, encoding.mask.dtype, encoding.segments.dtype} == {np.dtype(np.int64)}
    bare = library(tokenizer)
    for row, text in enumerate(texts):
        expected = bare.encode(text)
        length = len(expected.ids)
        assert encoding.lengths[row] == length
        assert encoding.ids[row, :length].tolist() == expected.ids
        assert encoding.offsets[row, :length].tolist() == [list(pair) for pair in expected.offsets]
        assert (encoding.ids[row, length:] == tokenizer.id_of(tokenizer.special.pad)).all()
        assert not encoding.mask[row, length:].any()
        assert not encoding.offsets[row, length:].any()


@every_kind
def test_a_text_in_a_batch_has_the_tokens_that_it_has_alone(kind):
    tokenizer = trained(kind)
    batch = tokenizer.encode(ENGLISH[:4])
    for row, text in enumerate(ENGLISH[:4]):
        alone = tokenizer.encode(text)
        assert batch.ids[row][batch.mask[row] > 0].tolist() == alone.ids[0].tolist()


def test_the_second_of_a_pair_is_segment_1_with_what_closes_it():
    tokenizer = wordpiece_tokenizer({**UNAFFABLE, "[PAD]": 6})
    encoding = tokenizer.encode(["unaffable", "un"], ["un", "un able"])
    assert encoding.ids.tolist() == [[0, 2, 3, 4, 1, 2, 1], [0, 2, 1, 2, 5, 1, 6]]
    assert encoding.segments.tolist() == [[0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1, 0]]


def test_offsets_cut_the_tokens_out_of_the_text():
    tokenizer = trained("bpe")
    encoding = tokenizer.encode(ENGLISH[0], offsets=True)
    cut = [ENGLISH[0][begin:end] for begin, end in encoding.offsets[0, 1:-1]]
    assert "".join(cut) == ENGLISH[0]
    assert cut == [token.replace("▁", " ") for token in tokenizer.tokens(ENGLISH[0])]


def test_without_a_padding_token_the_id_is_0_and_the_mask_tells():
    encoding = wordpiece_tokenizer(UNAFFABLE).encode(["unaffable", "un"])
    assert encoding.ids[1].tolist() == [0, 2, 1, 0, 0]
    assert encoding.mask[1].tolist() == [1, 1, 1, 0, 0]
    assert wordpiece_tokenizer(UNAFFABLE).decode(encoding) == ["unaffable", "un"]


def test_a_batch_can_be_padded_to_a_length_but_not_cut_to_it():
    tokenizer = trained("bpe")
    assert tokenizer.encode(["Kids"], length=7).ids.tolist() == [[0, tokenizer.id_of("Kids"), 1, 2, 2, 2, 2]]
    with pytest.raises(TextError, match="length is 2, but a text has 3 tokens"):
        tokenizer.encode(["Kids"], length=2)


@pytest.mark.parametrize("kind", ["byte-bpe", "bpe"])
def test_a_longer_text_is_cut_and_keeps_its_frame(kind):
    tokenizer = trained(kind)
    whole = tokenizer.encode(ENGLISH[2]).ids[0]
    cut = tokenizer.limited(6).encode(ENGLISH[2]).ids[0]
    assert cut.tolist() == [*whole[:5], whole[-1]]
    assert tokenizer.encode(ENGLISH[2]).ids.shape[1] == len(whole)


def test_a_limit_without_room_for_text_is_an_error():
    with pytest.raises(TextError, match="max_length is 4, expected 5 or more"):
        trained("bpe").limited(4)


@every_kind
@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x01", "\ufeff"])
def test_a_text_of_nothing_is_its_frame_and_perhaps_spaces(kind, text):
    tokenizer = trained(kind)
    encoding = tokenizer.encode(text)
    assert tokenizer.decode(encoding)[0].strip() == ""
    if not clean(text):
        assert encoding.ids.tolist() == [[tokenizer.id_of(name) for name in tokenizer.frame]]
        assert tokenizer.unknown_share(encoding) == 0


def test_no_text_at_all_is_an_empty_batch():
    encoding = trained("bpe").encode([], offsets=True)
    assert (encoding.ids.shape, encoding.offsets.shape) == ((0, 0), (0, 0, 2))
    assert trained("bpe").encode("", special_tokens=False).ids.shape == (1, 0)


def test_emoji_are_unknown_to_words_and_spelt_by_bytes():
    for kind in ("bpe", "wordpiece"):
        tokenizer = trained(kind)
        assert tokenizer.unknown_share(tokenizer.encode([EMOJI, "Kids", ""])).tolist() == [1, 0, 0]
    tokenizer = trained("byte-bpe")
    encoding = tokenizer.encode(EMOJI)
    assert tokenizer.unknown_share(encoding).tolist() == [0]
    assert tokenizer.decode(encoding) == [EMOJI]


def test_the_share_of_the_unknown_is_counted_without_the_frame():
    tokenizer = wordpiece_tokenizer({**UNAFFABLE, "[PAD]": 6})
    encoding = tokenizer.encode(["unaffable 你", "你好", "un"])
    assert tokenizer.unknown_share(encoding).tolist() == [1 / 4, 1, 0]


@every_kind
def test_a_hundred_thousand_characters_are_encoded_or_cut(kind):
    letters = np.random.default_rng(0).choice(list("abcdefgh "), 100_000)
    tokenizer, text = trained(kind), "".join(letters)
    assert tokenizer.limited(512).encode(text).ids.shape == (1, 512)
    whole = tokenizer.encode(text)
    assert whole.ids.shape[1] > 10_000
    if kind == "byte-bpe":
        assert tokenizer.decode(whole) == [text]


def test_one_word_of_a_hundred_thousand_letters_is_unknown_to_wordpiece():
    tokenizer = trained("wordpiece")
    assert tokenizer.encode("a" * 100_000).ids.tolist() == [[0, tokenizer.id_of("[UNK]"), 1]]


def test_mixed_scripts_come_back_from_bytes():
    tokenizer = trained("byte-bpe")
    assert tokenizer.decode(tokenizer.encode(MIXED)) == [MIXED]


@given(st.lists(st.text(), max_size=4))
def test_bytes_give_every_cleaned_text_back(texts):
    tokenizer = trained("byte-bpe")
    assert tokenizer.decode(tokenizer.encode(texts)) == [clean(text) for text in texts]


@given(st.text(st.characters(codec="utf-8")))
def test_cleaning_twice_is_cleaning_once(text):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not [letter for letter in cleaned if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")]


def test_cleaning_leaves_what_is_clean_and_mends_the_rest():
    assert clean(MIXED + EMOJI) == MIXED + EMOJI
    assert clean("a\r\nb\tc\x00d\x85e\u2028f") == "a b cd e f"
    assert clean("cafe\u0301") == "café"
    assert clean("a\ud83db") == "a\ufffdb"
    with pytest.raises(TextError, match="text is None, expected a str"):
        clean(None)


def test_both_spellings_of_an_accent_are_the_same_tokens():
    tokenizer = trained("byte-bpe")
    assert tokenizer.encode("cafe\u0301").ids.tolist() == tokenizer.encode("café").ids.tolist()


@every_kind
def test_words_that_look_like_special_tokens_are_words(kind):
    tokenizer = trained(kind)
    names = tokenizer.special.names
    ids = tokenizer.encode("the [SEP] <eos> [MASK] <pad> the", special_tokens=False).ids[0]
    special = {tokenizer.id_of(name) for name in names if name != tokenizer.special.unknown}
    assert not special & set(ids.tolist())


@every_kind
def test_a_saved_tokenizer_is_the_same_to_us_and_to_the_library(kind, tmp_path):
    from paraverbal.text import load_tokenizer

    tokenizer = trained(kind).limited(9)
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = load_tokenizer(tmp_path)
    assert (loaded.special, loaded.max_length, loaded.frame) == (tokenizer.special, 9, tokenizer.frame)
    ours = tokenizer.encode(ENGLISH[:4])
    assert np.array_equal(loaded.encode(ENGLISH[:4]).ids, ours.ids)
    bare = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    theirs = bare.encode_batch(ENGLISH[:4])
    assert [one.ids for one in theirs] == ours.ids.tolist()
    assert [one.attention_mask for one in theirs] == ours.mask.tolist()


def test_a_pretrained_tokenizer_without_its_frame_is_warned_about():
    tokenizer = wordpiece_tokenizer(UNAFFABLE)
    with pytest.warns(SpecialTokensWarning, match=r"without \[CLS\] \[SEP\], with which"):
        bare = tokenizer.encode("unaffable", special_tokens=False)
    assert bare.ids.tolist() == [[2, 3, 4]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wordpiece_tokenizer(UNAFFABLE, pretrained=False).encode("unaffable", special_tokens=False)
        tokenizer.encode("unaffable")
        tokenizer.tokens("unaffable")


def test_decoding_skips_special_tokens_unless_they_are_asked_for():
    tokenizer = trained("byte-bpe")
    ids = [[0, *tokenizer.pieces(["the door"])[0], 1, 2, 2]]
    assert tokenizer.decode(ids) == ["the door"]
    assert tokenizer.decode(np.array(ids), special_tokens=True) == ["<bos>the door<eos><pad><pad>"]


@pytest.mark.parametrize("index", [-1, 400, 10**6])
def test_an_id_outside_the_vocabulary_is_an_error(index):
    with pytest.raises(TextError, match=f"id {index} is outside the vocabulary"):
        trained("byte-bpe", 300).decode([[index]])


def test_pairs_must_be_as_many():
    with pytest.raises(TextError, match="2 first texts and 1 second ones"):
        trained("bpe").encode(["a", "b"], ["c"])


def test_a_token_that_is_not_there_is_an_error_with_the_nearest():
    with pytest.raises(TextError, match=r"'\[CSL\]' is not in the vocabulary \(did you mean '\[CLS\]'\?\)"):
        wordpiece_tokenizer(UNAFFABLE).id_of("[CSL]")


def test_a_tokenizer_says_what_it_is():
    assert repr(wordpiece_tokenizer(UNAFFABLE, max_length=8)) == (
        "Tokenizer(WordPiece, 6 tokens, frame [CLS] [SEP], max_length 8)"
    )


def test_roles_have_their_names_in_order_once():
    assert BERT.names == ["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"]
    assert SEQUENCE.names[:3] == ["<bos>", "<eos>", "<pad>"]
    assert train_tokenizer(ENGLISH, "wordpiece", 100).encode("").ids.tolist() == [[0, 1]]
