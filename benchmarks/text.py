"""Tokenizing and training beside the bare library, on sentences drawn from jieba's dictionary by frequency.

    python benchmarks/text.py

Both do the same work in one process, in turn, after a first round that is not counted: encode 100,000 sentences and hand over
the ids (ours as padded arrays with masks and segments), and train a byte-level BPE of 8,000 on 10 MB. Ours also cleans the
texts.
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import tokenizers

from paraverbal.text import draw_sentences, train_tokenizer
from paraverbal.text.merges import byte_symbols
from side_by_side import RESULTS

SENTENCES = 100_000
BYTES = 10_000_000
VOCABULARY = 8_000
SPECIAL = ["<bos>", "<eos>", "<pad>"]


def drawn_bytes(size: int) -> list[str]:
    """Return sentences that are together just `size` bytes or more."""
    sentences = draw_sentences(size // 40)
    totals = accumulate(len(sentence.encode()) for sentence in sentences)
    return sentences[: next(index for index, total in enumerate(totals, 1) if total >= size)]


def bare_training(texts: list[str]) -> Any:
    bare = tokenizers.Tokenizer(tokenizers.models.BPE())
    bare.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=2,
        special_tokens=SPECIAL,
        initial_alphabet=byte_symbols(),
        show_progress=False,
    )
    bare.train_from_iterator(texts, trainer)
    return bare


def in_turn(variants: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each; a first round is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds + 1):
        for name, variant in variants.items():
            begun = time.perf_counter()
            variant()
            seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(values[1:]) for name, values in seconds.items()}


def encoding() -> dict[str, Callable[[], Any]]:
    sentences = draw_sentences(SENTENCES)
    ours = train_tokenizer(sentences[:10_000], "byte-bpe", VOCABULARY)
    bare = ours.backend()
    return {
        "tokenizers, encode_batch": lambda: [one.ids for one in bare.encode_batch(sentences)],
        "tokenizers, encode_batch_fast": lambda: [one.ids for one in bare.encode_batch_fast(sentences)],
        "paraverbal": lambda: ours.encode(sentences),
    }


def training() -> dict[str, Callable[[], Any]]:
    texts = drawn_bytes(BYTES)
    return {
        "tokenizers": lambda: bare_training(texts),
        "paraverbal": lambda: train_tokenizer(texts, "byte-bpe", VOCABULARY),
    }


def measure(name: str, unit: str, variants: dict[str, Callable[[], Any]], rounds: int) -> None:
    medians = in_turn(variants, rounds)
    first = next(iter(variants))
    document = {
        "name": name,
        "unit": unit,
        "rounds": rounds,
        "cores": os.cpu_count(),
        "medians": {variant: round(seconds, 3) for variant, seconds in medians.items()},
        "ratio_to_first": {variant: round(seconds / medians[first], 2) for variant, seconds in medians.items()},
        "first": first,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"bench-{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    measure("text-encoding", f"s for {SENTENCES:,} sentences", encoding(), rounds=7)
    measure("text-training", f"s for BPE of {VOCABULARY:,} on {BYTES // 10**6} MB", training(), rounds=3)
