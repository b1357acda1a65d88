"""Merging by rank, step by step; files that hold merges; the vocabulary of CLIP, derived."""

import gzip
import itertools

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from paraverbal.text import CLIP, TextError, load_tokenizer, merge_steps, merges_tokenizer, read_merges
from paraverbal.text.merges import CLIP_FILE, CLIP_MERGES, byte_symbols, merges_vocabulary

# The most frequent first, as reference 5 tells it: bicycle ends as bicy and cle, because nothing joins those.
BICYCLE = [("i", "c"), ("l", "e"), ("b", "ic"), ("c", "le"), ("bic", "y"), ("a", "b")]
MARKED = [*BICYCLE[:1], ("l", "e</w>"), ("b", "ic"), ("c", "le</w>"), ("bic", "y")]


def write(path, merges, header="#version: 0.2\n"):
    text = header + "".join(f"{first} {second}\n" for first, second in merges)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def distinct_merges(count):
    """Merges that are all different and each made of what came before: pairs of bytes."""
    return list(itertools.islice(itertools.product(byte_symbols(), repeat=2), count))


def test_bicycle_is_merged_step_by_step_by_rank():
    assert merge_steps("bicycle", BICYCLE) == [
        ["b", "i", "c", "y", "c", "l", "e"],
        ["b", "ic", "y", "c", "l", "e"],
        ["b", "ic", "y", "c", "le"],
        ["bic", "y", "c", "le"],
        ["bic", "y", "cle"],
        ["bicy", "cle"],
    ]


def test_a_step_joins_a_pair_wherever_it_stands_from_the_left():
    assert merge_steps("abcab", [("a", "b")])[-1] == ["ab", "c", "ab"]
    assert merge_steps("aaa", [("a", "a")])[-1] == ["aa", "a"]


def test_what_no_merge_joins_stays_and_the_better_rank_of_two_counts():
    assert merge_steps("xyz", BICYCLE) == [["x", "y", "z"]]
    assert merge_steps("", BICYCLE) == [[]]
    assert merge_steps("abc", [("b", "c"), ("a", "b"), ("b", "c")])[-1] == ["a", "bc"]


@given(st.text("abcd", max_size=12), st.lists(st.sampled_from(list(itertools.product("abcd", repeat=2))), max_size=8))
def test_the_last_step_is_what_the_library_makes(word, first):
    merges = list(dict.fromkeys(first))
    merges += [(a + b, c + d) for (a, b), (c, d) in itertools.pairwise(merges)]
    merges = list({first + second: (first, second) for first, second in merges}.values())
    made = {"".join(merge) for merge in merges}
    vocabulary = {token: index for index, token in enumerate(["a", "b", "c", "d", *sorted(made)])}
    bare = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, merges))
    assert merge_steps(word, merges)[-1] == bare.encode(word).tokens


def test_256_symbols_are_those_of_the_library_and_visible():
    symbols = byte_symbols()
    assert sorted(symbols) == sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    assert (len(set(symbols)), symbols[0], symbols[188], symbols[188 + 32]) == (256, "!", "Ā", "Ġ")
    assert all(symbol.isprintable() and not symbol.isspace() for symbol in symbols)


@pytest.mark.parametrize("name", ["merges.txt", "merges.txt.gz"])
@pytest.mark.parametrize("header", ["#version: 0.2\n", "", "bpe_simple_vocab_16e6.txt#version: 0.2\n"])
def test_a_list_is_read_in_order_plain_or_packed(tmp_path, name, header):
    assert read_merges(write(tmp_path / name, BICYCLE, header)) == BICYCLE
    assert read_merges(tmp_path / name, 2) == BICYCLE[:2]


@pytest.mark.parametrize("name", ["list.txt", "list.txt.gz"])
def test_a_ranked_list_is_a_tokenizer_with_frame_and_ends_of_words(tmp_path, name):
    tokenizer = load_tokenizer(write(tmp_path / name, MARKED))
    encoding = tokenizer.encode("Bicycle")
    assert tokenizer.size == 256 * 2 + len(MARKED) + 2
    assert tokenizer.tokens("Bicycle") == ["bicy", "cle</w>"] == merge_steps([*"bicycl", "e</w>"], MARKED)[-1]
    assert tokenizer.tokens("", special_tokens=True) == ["<|startoftext|>", "<|endoftext|>"]
    assert encoding.ids.tolist() == [[tokenizer.size - 2, 512 + 4, 512 + 3, tokenizer.size - 1]]
    assert tokenizer.decode(encoding) == ["bicycle"]


def test_ids_are_bytes_then_bytes_at_ends_then_merges_by_rank():
    vocabulary = merges_vocabulary(BICYCLE, "<start>", "<end>")
    assert (vocabulary["!"], vocabulary["ÿ"], vocabulary["!</w>"]) == (0, 187, 256)
    assert [vocabulary[first + second] for first, second in BICYCLE] == list(range(512, 512 + len(BICYCLE)))
    assert (vocabulary["<start>"], vocabulary["<end>"]) == (518, 519)


def test_the_vocabulary_of_clip_is_49408(tmp_path):
    merges = distinct_merges(48_894 + 500)
    assert CLIP_MERGES == 48_894
    file = write(tmp_path / f"{CLIP_FILE}.txt.gz", merges)
    tokenizer = load_tokenizer(file, max_length=77)
    assert tokenizer.size == 256 * 2 + 48_894 + 2 == 49_408
    assert [tokenizer.id_of(name) for name in ("<|startoftext|>", "<|endoftext|>")] == [49_406, 49_407]
    assert tokenizer.encode("!").ids.tolist() == [[49_406, 256, 49_407]]
    assert load_tokenizer(file, merges=1000).size == 512 + 1000 + 2


def test_any_text_goes_through_bytes_and_comes_back_in_small_letters():
    tokenizer = merges_tokenizer(MARKED)
    text = "it's 42 bicycles, 你好 😀"
    assert tokenizer.unknown_share(tokenizer.encode(text)) == 0
    assert tokenizer.decode(tokenizer.encode(text.upper()))[0].replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("a b\na b c\n", r"line 2: 'a b c', expected two symbols"),
        ("a b\nab\n", "line 2: 'ab', expected two symbols"),
        ("a  b\n", "expected two symbols"),
        ("ab c\na b\n", "line 1: 'ab' is neither one of the 256 byte symbols nor made by a line before"),
        ("a 你\n", "'你' is neither"),
    ],
)
def test_a_line_that_is_no_merge_is_named(tmp_path, lines, message):
    (tmp_path / "merges.txt").write_text(lines)
    with pytest.raises(TextError, match=message):
        read_merges(tmp_path / "merges.txt")


def test_damaged_files_and_too_few_merges_are_errors(tmp_path):
    packed = write(tmp_path / "a.txt.gz", BICYCLE).read_bytes()
    flipped = packed[:20] + bytes([packed[20] ^ 255]) + packed[21:]
    for content in (packed[:20], b"no gzip", flipped):
        (tmp_path / "a.txt.gz").write_bytes(content)
        with pytest.raises(TextError, match="cannot be read as UTF-8 text"):
            read_merges(tmp_path / "a.txt.gz")
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe a b")
    with pytest.raises(TextError, match="cannot be read as UTF-8 text"):
        read_merges(tmp_path / "b.txt")
    with pytest.raises(TextError, match="no such file"):
        read_merges(tmp_path / "c.txt")
    with pytest.raises(TextError, match="holds 6 merges, 7 were asked for"):
        read_merges(write(tmp_path / "d.txt", BICYCLE), 7)


def test_a_frame_needs_both_ends():
    with pytest.raises(TextError, match="expected an opening and a closing one"):
        merges_tokenizer(BICYCLE, CLIP.__class__(opening="<s>"))
