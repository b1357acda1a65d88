"""Added words are tokens of their own, start at the mean of their pieces, and what they save is counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.text.tiny import ENGLISH, LAW, MEDICINE, TERMS, trained

from paraverbal.text import (
    TextError,
    draw_sentences,
    extend,
    extended_table,
    find_words,
    saving,
    train_tokenizer,
    wordpiece_tokenizer,
)
from paraverbal.text.training import KINDS

every_kind = pytest.mark.parametrize("kind", KINDS)


def english_bytes():
    return trained("byte-bpe")


def test_an_english_vocabulary_needs_three_bytes_for_a_character_and_less_with_the_terms():
    tokenizer = english_bytes()
    found = saving(tokenizer, extend(tokenizer, TERMS).tokenizer, LAW + MEDICINE)
    text = "".join(LAW + MEDICINE)
    covered = sum(text.count(term) * len(term) for term in TERMS)
    assert found.characters == len(text)
    assert found.before == len(text.encode()) == 3 * len(text)
    assert found.after == found.before - 3 * covered + sum(text.count(term) for term in TERMS)
    assert found.before_per_character == 3
    assert found.after_per_character == found.after / len(text) < 2.3
    assert found.saved == pytest.approx(1 - found.after / found.before)


def test_words_that_jieba_finds_in_law_shorten_other_sentences_of_law():
    tokenizer = english_bytes()
    words = find_words(LAW[:3], tokenizer, 20)
    assert "原告" in words
    assert all(len(word) > 1 and sum(text.count(word) for text in LAW[:3]) > 1 for word in words)
    found = saving(tokenizer, extend(tokenizer, words).tokenizer, LAW[3:])
    assert found.after < found.before
    assert saving(tokenizer, extend(tokenizer, words).tokenizer, ["the door"]).saved == 0


def test_words_drawn_by_frequency_save_on_other_draws():
    tokenizer = english_bytes()
    words = find_words(draw_sentences(1000), tokenizer, 500)
    found = saving(tokenizer, extend(tokenizer, words).tokenizer, draw_sentences(300, seed=1))
    assert found.saved > 0.1
    assert len(words) == 500


def test_words_that_save_most_come_first_and_those_that_are_rare_not_at_all():
    texts = ["患者服用阿司匹林。", "患者服用阿司匹林。", "患者住院。", "患者出院，原告。"]
    words = find_words(texts, english_bytes(), 10)
    gains = [sum(text.count(word) for text in texts) * (3 * len(word) - 1) for word in words]
    assert gains == sorted(gains, reverse=True)
    assert "原告" not in words
    assert find_words(texts, english_bytes(), 1) == words[:1]
    assert find_words(["Kids are talking"] * 3, english_bytes(), 5) == []


@every_kind
def test_a_new_row_is_the_mean_of_the_rows_of_the_old_pieces(kind):
    tokenizer = train_tokenizer([*ENGLISH, *LAW, *MEDICINE], kind, 450)
    table = np.random.default_rng(0).normal(size=(tokenizer.size, 8)).astype(np.float32)
    extension = extend(tokenizer, [*TERMS, "habeas"])
    extended = extended_table(table, extension)
    assert extended.shape == (extension.tokenizer.size, 8)
    assert extended.dtype == np.float32
    assert np.array_equal(extended[: tokenizer.size], table)
    for word in extension.words:
        old = tokenizer.encode(word, special_tokens=False).ids[0]
        new = extension.tokenizer.encode(word, special_tokens=False).ids[0]
        assert new.tolist() == [extension.tokenizer.id_of(word)]
        assert extended[new[0]] == pytest.approx(sum(table[index] for index in old) / len(old), abs=1e-6)


def test_the_mean_of_a_text_is_kept_where_words_are_as_long():
    tokenizer = english_bytes()
    table = np.random.default_rng(0).normal(size=(tokenizer.size, 4))
    extension = extend(tokenizer, ["原告", "被告"])
    before = table[tokenizer.encode("原告被告", special_tokens=False).ids[0]].mean(axis=0)
    after = extended_table(table, extension)[extension.tokenizer.encode("原告被告", special_tokens=False).ids[0]]
    assert after.mean(axis=0) == pytest.approx(before)


def test_old_tokens_keep_their_ids_and_their_text():
    tokenizer = english_bytes()
    extended = extend(tokenizer, TERMS).tokenizer
    assert tokenizer.vocabulary().items() <= extended.vocabulary().items()
    assert extended.encode(ENGLISH[:4]).ids.tolist() == tokenizer.encode(ENGLISH[:4]).ids.tolist()
    assert (extended.frame, extended.special, extended.max_length) == (tokenizer.frame, tokenizer.special, None)


@every_kind
def test_spare_rows_of_a_table_are_used_first(kind):
    tokenizer = trained(kind)
    extension = extend(tokenizer, ["原告", "被告"])
    table = np.ones((tokenizer.size + 10, 2))
    extended = extended_table(2 * table, extension)
    assert extended.shape == (tokenizer.size + 10, 2)
    assert (extended == 2).all()
    with pytest.raises(TextError, match="one for each token of the old vocabulary"):
        extended_table(table[: tokenizer.size - 1], extension)


def test_words_without_chinese_are_found_whole_only_and_as_the_normaliser_reads_them():
    vocabulary = {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "art": 3, "he": 4, "##art": 5, "##ful": 6, "un": 7, "##able": 8}
    extension = extend(wordpiece_tokenizer(vocabulary), ["heart", "Unable", "unable"])
    tokenizer = extension.tokenizer
    assert extension.words == ("heart", "Unable")
    assert len(set(tokenizer.encode(["UNABLE", "unable"]).ids[:, 1])) == 1
    assert tokenizer.tokens("heart heartful art") == ["heart", "he", "##art", "##ful", "art"]


def test_a_chinese_word_is_found_though_bert_sets_its_characters_apart():
    vocabulary = {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "原": 3, "告": 4, "##告": 5, "被": 6}
    tokenizer = wordpiece_tokenizer(vocabulary)
    assert tokenizer.tokens("原告被告") == ["原", "告", "被", "告"]
    assert extend(tokenizer, ["原告"]).tokenizer.tokens("原告被告") == ["原告", "被", "告"]


def test_a_word_that_the_vocabulary_held_but_never_made_keeps_its_id():
    vocabulary = {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "原": 3, "告": 4, "原告": 5}
    extension = extend(wordpiece_tokenizer(vocabulary), ["原告", "告原"])
    assert (extension.ids, extension.pieces) == ((5, 6), ((3, 4), (4, 3)))
    assert extension.tokenizer.tokens("原告告原") == ["原告", "告原"]
    assert extended_table(np.arange(6.0)[:, None], extension)[:, 0].tolist() == [0, 1, 2, 3, 4, 3.5, 3.5]


@given(st.lists(st.sampled_from([*TERMS, "naïve", "Ångström", "é", "the", " ", "，"]), max_size=8))
def test_text_with_added_words_comes_back_from_bytes(parts):
    tokenizer = extend(english_bytes(), [*TERMS, "naïve", "Ångström", "é"]).tokenizer
    text = "".join(parts)
    assert tokenizer.decode(tokenizer.encode(text)) == [text]


def test_words_that_are_tokens_already_are_not_added():
    extension = extend(trained("bpe"), ["Kids", "Kids", "原告", "原告 "])
    assert extension.words == ("原告",)
    assert extension.tokenizer.size == trained("bpe").size + 1
    assert extend(trained("bpe"), []).tokenizer.size == trained("bpe").size


@pytest.mark.parametrize("word", ["", "  ", "\x00", "<eos>"])
def test_an_empty_word_and_a_special_token_cannot_be_added(word):
    with pytest.raises(TextError, match="empty or a special token"):
        extend(trained("bpe"), ["原告", word])


def test_no_text_saves_nothing_and_a_limit_cuts_no_count():
    tokenizer = english_bytes()
    empty = saving(tokenizer, tokenizer, [])
    assert (empty.characters, empty.saved, empty.before_per_character, empty.after_per_character) == (0, 0, 0, 0)
    assert saving(tokenizer.limited(5), tokenizer, LAW).saved == 0
