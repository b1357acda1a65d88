"""The whole road: recipe + corpus -> split -> training -> bundle -> evaluation -> report."""

from paraverbal.experiment.crossval import CrossValidation, crossval
from paraverbal.experiment.run import Run, train

__all__ = ["CrossValidation", "Run", "crossval", "train"]
