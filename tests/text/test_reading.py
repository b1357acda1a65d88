"""What a model reads of texts: nothing, where there is nothing that it could read."""

from paraverbal.text import BERT, train_tokenizer, wordpiece_tokenizer
from paraverbal.text.reading import read_tokens

TOKENIZER = wordpiece_tokenizer({"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "the": 4, "cup": 5}, BERT)


def test_tokens_are_framed_and_not_padded() -> None:
    found = read_tokens(TOKENIZER, ["the cup", "the", "a cup"])
    assert [ids.tolist() for ids in found] == [[2, 4, 5, 3], [2, 4, 3], [2, 1, 5, 3]]


def test_a_text_that_says_nothing_has_no_tokens() -> None:
    assert [len(ids) for ids in read_tokens(TOKENIZER, ["", " \n\t", "\x00", "😀", "人民", "the"])] == [
        0,
        0,
        0,
        0,
        0,
        3,
    ]
    assert read_tokens(TOKENIZER, []) == []


def test_bytes_leave_nothing_unknown() -> None:
    tokenizer = train_tokenizer(["the cup"], "byte-bpe", 300)
    assert [len(ids) > 0 for ids in read_tokens(tokenizer, ["😀", "人民", ""])] == [True, True, False]
