"""Tokenizers trained elsewhere are read from their files, with the roles and limits that the files state."""

import json

import numpy as np
import pytest
import tokenizers
from tests.text.tiny import ENGLISH, UNAFFABLE, trained

from paraverbal.text import SpecialTokensWarning, TextError, load_tokenizer, wordpiece_tokenizer

BERT_NAMES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LINES = [*BERT_NAMES, "un", "##aff", "##able", "Un"]


def write(folder, **documents):
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def byte_level(folder):
    """The two files of a byte-level tokenizer, trained by the library, and it."""
    bare = tokenizers.Tokenizer(tokenizers.models.BPE())
    bare.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    special = ["<s>", "<pad>", "</s>", "<|endoftext|>"]
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=alphabet, special_tokens=special, show_progress=False
    )
    bare.train_from_iterator(ENGLISH, trainer)
    bare.model.save(str(folder))
    return bare


def test_a_folder_with_vocab_txt_is_bert(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(LINES) + "\n")
    write(tmp_path, tokenizer_config={"do_lower_case": True, "model_max_length": 6})
    tokenizer = load_tokenizer(tmp_path)
    assert (tokenizer.size, tokenizer.max_length, tokenizer.pretrained) == (9, 6, True)
    assert tokenizer.encode(["Unaffable", ""]).ids.tolist() == [[2, 5, 6, 7, 3], [2, 3, 0, 0, 0]]
    assert tokenizer.special.mask == "[MASK]"


def test_a_cased_vocabulary_keeps_capitals(tmp_path):
    (tmp_path / "vocab.txt").write_text("\r\n".join(LINES), newline="")
    write(tmp_path, tokenizer_config={"do_lower_case": False})
    assert load_tokenizer(tmp_path).tokens("Unaffable") == ["Un", "##aff", "##able"]
    assert load_tokenizer(tmp_path / "vocab.txt").tokens("Unaffable") == ["un", "##aff", "##able"]


def test_names_of_the_special_tokens_are_those_of_the_files(tmp_path):
    (tmp_path / "vocab.txt").write_text("<s>\n</s>\n<oov>\na\n")
    write(
        tmp_path,
        special_tokens_map={"cls_token": "<s>", "sep_token": {"content": "</s>", "lstrip": False}},
        tokenizer_config={"unk_token": {"content": "<oov>"}},
    )
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.encode("a b").ids.tolist() == [[0, 3, 2, 1]]
    assert (tokenizer.special.pad, tokenizer.special.mask) == (None, None)


@pytest.mark.parametrize("limit", [None, 1e30, 10**30, "many", 0])
def test_a_limit_that_is_none_is_none(tmp_path, limit):
    trained("bpe").save(tmp_path / "tokenizer.json")
    assert load_tokenizer(write(tmp_path, tokenizer_config={"model_max_length": limit})).max_length is None
    assert load_tokenizer(tmp_path, max_length=8).max_length == 8


def test_a_tokenizer_json_is_read_alone_or_in_its_folder(tmp_path):
    wordpiece_tokenizer({**UNAFFABLE, "[PAD]": 6}).save(tmp_path / "tokenizer.json")
    for path in (tmp_path, tmp_path / "tokenizer.json", str(tmp_path)):
        tokenizer = load_tokenizer(path)
        assert tokenizer.encode("unaffable").ids.tolist() == [[0, 2, 3, 4, 1]]
        assert tokenizer.special.names == ["[CLS]", "[SEP]", "[PAD]", "[UNK]"]


def test_a_frame_is_found_where_no_file_names_it(tmp_path):
    bare = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({"<s>": 0, "</s>": 1, "<unk>": 2, "a": 3}, unk_token="<unk>")
    )
    for single, opening, closing in [
        ("<s> $A", "<s>", None),
        ("$A </s>", None, "</s>"),
        ("<s> $A </s>", "<s>", "</s>"),
    ]:
        bare.post_processor = tokenizers.processors.TemplateProcessing(
            single=single, special_tokens=[("<s>", 0), ("</s>", 1)]
        )
        bare.save(str(tmp_path / "tokenizer.json"))
        special = load_tokenizer(tmp_path).special
        assert (special.opening, special.closing, special.unknown) == (opening, closing, "<unk>")


def test_padding_and_truncation_of_the_file_are_taken_over_not_left_on(tmp_path):
    bare = trained("bpe").backend()
    bare.enable_padding(pad_id=2, pad_token="<pad>", length=50)
    bare.enable_truncation(7)
    bare.save(str(tmp_path / "tokenizer.json"))
    tokenizer = load_tokenizer(tmp_path)
    assert (tokenizer.special.pad, tokenizer.max_length) == ("<pad>", 7)
    assert tokenizer.encode([ENGLISH[0], "Kids"]).lengths.tolist() == [7, 3]


def test_special_tokens_that_are_named_but_never_added_are_warned_about(tmp_path):
    bare = trained("wordpiece").backend()
    bare.post_processor = tokenizers.processors.TemplateProcessing(single="$A", special_tokens=[])
    bare.save(str(tmp_path / "tokenizer.json"))
    tokenizer = load_tokenizer(write(tmp_path, tokenizer_config={"cls_token": "[CLS]", "sep_token": "[SEP]"}))
    with pytest.warns(SpecialTokensWarning, match=r"without \[CLS\] \[SEP\]"):
        tokenizer.encode("the door")


def test_vocabulary_and_merges_of_a_folder_are_byte_level(tmp_path):
    bare = byte_level(tmp_path)
    text = f"{ENGLISH[0]} 你好"
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.encode(text).ids.tolist() == [bare.encode(text).ids]
    assert tokenizer.decode(tokenizer.encode(text)) == [text]


def test_the_frame_of_roberta_is_added_and_gpt2_has_none(tmp_path):
    byte_level(tmp_path)
    write(tmp_path, tokenizer_config={"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"})
    assert load_tokenizer(tmp_path).frame == ()
    write(tmp_path, tokenizer_config={"cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>"})
    encoding = load_tokenizer(tmp_path).encode(["the door", ""])
    assert encoding.ids[1].tolist() == [0, 2, *[1] * (encoding.ids.shape[1] - 2)]


def test_a_folder_of_clip_is_framed_by_what_its_files_call_bos_and_eos(tmp_path):
    from paraverbal.text.merges import merges_vocabulary

    merges = [("t", "h"), ("th", "e</w>")]
    vocabulary = merges_vocabulary(merges, "<|startoftext|>", "<|endoftext|>")
    (tmp_path / "merges.txt").write_text("#version: 0.2\nt h\nth e</w>\n")
    config = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}
    tokenizer = load_tokenizer(write(tmp_path, vocab=vocabulary, tokenizer_config=config))
    listed = load_tokenizer(tmp_path / "merges.txt")
    assert np.array_equal(tokenizer.encode(["The", "the  end"]).ids, listed.encode(["The", "the  end"]).ids)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no tokenizer; expected tokenizer.json, vocab.txt, vocab.json with merges.txt"),
        ({"tokenizer.json": "{"}, "is no tokenizer.json that the installed tokenizers reads"),
        ({"tokenizer.json": '{"model": {"type": "New"}}'}, "is no tokenizer.json that"),
        ({"tokenizer.json": "[]", "tokenizer_config.json": "{]"}, "tokenizer_config.json: is no JSON"),
        ({"tokenizer.json": "[]", "tokenizer_config.json": "[]"}, "holds a list, expected a JSON object"),
        ({"vocab.txt": "a\nb\n"}, r"vocab.txt: the vocabulary of 2 tokens lacks '\[UNK\]'"),
        ({"vocab.txt": ""}, "the vocabulary of 0 tokens lacks"),
        ({"vocab.json": '{"a": 0, "b": 1}', "merges.txt": "a b\n"}, "vocab.json lacks 1 tokens of merges.txt"),
        ({"vocab.json": '{"a": 0, "b": 1, "ab": "2"}', "merges.txt": "a b\n"}, "or holds what is no id"),
    ],
)
def test_a_folder_that_is_no_tokenizer_is_an_error(tmp_path, files, message):
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(TextError, match=message):
        load_tokenizer(tmp_path)


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    for name in ("tokenizer.json", "merges.txt.gz", "nothing"):
        with pytest.raises(TextError, match=f"{name}: no such file"):
            load_tokenizer(tmp_path / name)


def test_a_model_whose_unknown_token_is_missing_is_an_error(tmp_path):
    document = json.loads(trained("bpe").backend().to_str())
    document["model"]["unk_token"] = "<oov>"
    write(tmp_path, tokenizer=document)
    with pytest.raises(TextError, match="special token '<oov>' is not in the vocabulary"):
        load_tokenizer(tmp_path)
