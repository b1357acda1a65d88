"""The whole road: recipe + corpus -> split -> training -> bundle -> evaluation -> report."""

from paraverbal.experiment.crossval import CrossValidation, crossval
from paraverbal.experiment.embeddings import clip_embeddings
from paraverbal.experiment.run import Run, train

__all__ = ["CrossValidation", "Run", "clip_embeddings", "crossval", "train"]
