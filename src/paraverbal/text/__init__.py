"""Transcript -> token ids and back, vocabularies, embeddings: text as a second kind of input beside the voice.

`tokenizers` and `jieba` (extra `text`) are imported when they are first used; embeddings need NumPy alone.
"""

from paraverbal.errors import TextError
from paraverbal.text.embedding import EmbeddingTable, look_up, sinusoidal_positions
from paraverbal.text.library import SpecialTokensWarning
from paraverbal.text.loading import load_tokenizer, merges_tokenizer, wordpiece_tokenizer
from paraverbal.text.merges import merge_steps, read_merges
from paraverbal.text.normalise import clean
from paraverbal.text.special import BERT, CLIP, SEQUENCE, SpecialTokens
from paraverbal.text.tokenizer import Encoding, Tokenizer
from paraverbal.text.training import train_tokenizer, transcripts
from paraverbal.text.vocabulary import Extension, Saving, extend, extended_table, find_words, saving
from paraverbal.text.words import draw_sentences, segment

__all__ = [
    "BERT",
    "CLIP",
    "SEQUENCE",
    "EmbeddingTable",
    "Encoding",
    "Extension",
    "Saving",
    "SpecialTokens",
    "SpecialTokensWarning",
    "TextError",
    "Tokenizer",
    "clean",
    "draw_sentences",
    "extend",
    "extended_table",
    "find_words",
    "load_tokenizer",
    "look_up",
    "merge_steps",
    "merges_tokenizer",
    "read_merges",
    "saving",
    "segment",
    "sinusoidal_positions",
    "train_tokenizer",
    "transcripts",
    "wordpiece_tokenizer",
]
