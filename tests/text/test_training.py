"""Training gives the same bytes each time, what it was asked for, and nothing from nothing."""

from collections import Counter
from itertools import pairwise

import pytest
from tests.text.tiny import ENGLISH, LAW, trained

from paraverbal.corpora import Corpus
from paraverbal.text import BERT, SpecialTokens, TextError, draw_sentences, train_tokenizer, transcripts
from paraverbal.text.training import KINDS

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_the_same_texts_give_the_same_bytes(kind, tmp_path):
    written = []
    for name in ("a.json", "b.json", "c.json"):
        train_tokenizer([*ENGLISH, *LAW, *draw_sentences(50)], kind, 600).save(tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1] == written[2]


@pytest.mark.parametrize(("kind", "size"), [("bpe", 60), ("byte-bpe", 300), ("wordpiece", 70)])
def test_a_vocabulary_is_as_large_as_was_asked_for(kind, size):
    tokenizer = trained(kind, size)
    assert tokenizer.size == size
    assert sorted(tokenizer.vocabulary().values()) == list(range(size))


@every_kind
def test_special_tokens_get_the_first_ids(kind):
    tokenizer = trained(kind)
    assert [tokenizer.id_of(name) for name in tokenizer.special.names] == list(range(len(tokenizer.special.names)))
    other = train_tokenizer(ENGLISH, kind, 400, special=BERT)
    assert other.frame == ("[CLS]", "[SEP]")


def test_the_first_merge_is_of_the_most_frequent_neighbours():
    texts = ["abab cb cb", "ab"] * 3
    pairs = Counter(pair for text in texts for word in text.split() for pair in pairwise(word))
    (first, second), _ = pairs.most_common(1)[0]
    tokenizer = train_tokenizer(texts, "bpe", 9)
    assert tokenizer.id_of(first + second) == 8


@every_kind
def test_a_sentence_of_the_texts_is_shorter_than_the_same_letters_backwards(kind):
    tokenizer = trained(kind)
    assert 2 * len(tokenizer.tokens(ENGLISH[0])) < len(tokenizer.tokens(ENGLISH[0][::-1]))


@every_kind
def test_capitals_can_be_read_as_small_letters(kind):
    tokenizer = train_tokenizer(ENGLISH, kind, 400, lowercase=True)
    assert tokenizer.tokens("THE DOOR") == tokenizer.tokens("the door")
    assert trained(kind).tokens("THE DOOR") != trained(kind).tokens("the door")


def test_bytes_are_in_the_vocabulary_though_no_text_held_them():
    assert trained("byte-bpe", 300).size == 300
    with pytest.raises(TextError, match="vocabulary_size is 258, expected 259 or more"):
        train_tokenizer(ENGLISH, "byte-bpe", 258)


def test_a_neighbour_that_is_too_rare_is_not_joined():
    assert train_tokenizer(["abc"], "bpe", 50, minimum_count=2).tokens("abc") == ["a", "b", "c"]
    assert train_tokenizer(["abc"], "bpe", 50, minimum_count=1).tokens("abc") == ["abc"]


@every_kind
@pytest.mark.parametrize("texts", [[], [""], [" ", "\x00"]])
def test_nothing_to_train_on_is_an_error(kind, texts):
    with pytest.raises(TextError, match=f"no text to train on: {len(texts)} texts"):
        train_tokenizer(texts, kind, 400)


def test_a_kind_that_is_not_there_is_an_error_with_the_nearest():
    with pytest.raises(TextError, match=r"'byte_bpe' is unknown \(did you mean 'byte-bpe'\?\)"):
        train_tokenizer(ENGLISH, "byte_bpe", 400)


def test_characters_need_an_unknown_token():
    with pytest.raises(TextError, match="without an unknown one cannot serve 'bpe'"):
        train_tokenizer(ENGLISH, "bpe", 400, special=SpecialTokens("<s>", "</s>"))


def test_transcripts_of_a_corpus_are_those_that_are_there(tmp_path):
    import polars as pl

    table = pl.DataFrame({"transcript": ["Kids are talking", None, "by the door"]})
    assert transcripts(Corpus("made", tmp_path, table, ())) == ["Kids are talking", "by the door"]
