"""What was said: corpora as tables of utterances, and how they are split."""

from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.reader import LOADERS, read_corpus
from paraverbal.corpora.split import Split

__all__ = ["LOADERS", "Corpus", "Split", "read_corpus"]
