"""The whole road: recipe + corpus -> split -> training -> bundle -> evaluation -> report."""

from paraverbal.experiment.run import Run, train

__all__ = ["Run", "train"]
