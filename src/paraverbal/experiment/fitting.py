"""Recordings of a split -> a trained model: features, then gradient descent or support vectors."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from paraverbal.batches import Clip, ClipFeatures, compute_features
from paraverbal.corpora.balance import balanced_shares, labels_of_corpora
from paraverbal.corpora.corpus import Corpus
from paraverbal.corpora.split import Split
from paraverbal.errors import CorpusError
from paraverbal.evaluation.predictions import duration
from paraverbal.experiment.plan import rows
from paraverbal.experiment.texts import tokens_of
from paraverbal.models.model import SpeechModel
from paraverbal.models.svm import SupportVectorMachine
from paraverbal.settings import Recipe, SvmSettings
from paraverbal.training.loop import Epoch, Fit, Trainer
from paraverbal.training.support_vectors import fit_support_vectors
from paraverbal.training.transfer import begin_with

# A window is never shorter, however short the clips of the training part are.
LEAST_WINDOW_SECONDS = 0.1


def with_longest(recipe: Recipe, corpus: Corpus, split: Split) -> Recipe:
    """Return the recipe with the length of the longest training clip in place of `seconds = "longest"`."""
    if recipe.audio.seconds != "longest":
        return recipe
    seconds = [duration(corpus, row) or 0.0 for row in rows(corpus, split, "train")]
    samples = np.ceil(max(seconds, default=0.0) * recipe.audio.sampling_rate)
    longest = max(float(samples) / recipe.audio.sampling_rate, LEAST_WINDOW_SECONDS)
    return recipe.model_copy(update={"audio": recipe.audio.model_copy(update={"seconds": longest})})


def fit_model(model: SpeechModel, corpus: Corpus, split: Split, folder: Path, tell: Callable[[str], None]) -> Fit:
    """Train a model on the training part, its best state chosen on the part that the recipe names.

    Args:
        model: Trained in place.
        corpus: The recordings.
        split: Which of them are in which part.
        folder: The run folder, for history and checkpoint.
        tell: Told each step and epoch.

    Raises:
        CorpusError: No recording of a part can be read.
        RunError: The loss is no number any more, or the checkpoint is damaged.
    """
    recipe = model.recipe
    if recipe.training.init != "none":
        tell(str(begin_with(model, recipe.training.init)))
    tell("reading the recordings and computing their features")
    train_features = _features(model, corpus, split, "train", keep_waveforms=recipe.augment.changes_waveform)
    chosen_on = _features(model, corpus, split, recipe.training.select_on)
    if recipe.training.init == "none":
        model.scaling.fit(train_features.features)
    if model.dimensions is not None and train_features.dimensions is not None:
        for part, data in (("train", train_features), (recipe.training.select_on, chosen_on)):
            _check_values(model, corpus, part, data)
        model.dimensions.fit(train_features.dimensions)
    if isinstance(model.network, SupportVectorMachine):
        return _fit_svm(model, model.network, train_features, chosen_on, folder=folder, tell=tell)
    trainer = Trainer(model, recipe.training, recipe.augment, folder)
    begun = len(trainer.history)
    tell(
        f"training {recipe.name}: {model.parameters_count:,} parameters, {len(train_features)} clips x "
        f"{recipe.augment.copies + recipe.augment.keep_original} an epoch, {len(chosen_on)} to validate, {trainer.precision}"
        + (f"; going on after epoch {begun}" if begun else "")
    )
    return trainer.fit(train_features, chosen_on, lambda epoch: tell(_progress(epoch, trainer)))


def _fit_svm(
    model: SpeechModel,
    machine: SupportVectorMachine,
    train: ClipFeatures,
    valid: ClipFeatures,
    *,
    folder: Path,
    tell: Callable[[str], None],
) -> Fit:
    settings = model.recipe.model
    training = model.recipe.training
    if not isinstance(settings, SvmSettings) or training.select_by == "ccc" or training.select_by == "last":  # noqa: PLR1714
        raise TypeError(
            f"settings of an svm, which has no CCC and no last epoch, were expected, got {type(settings).__name__}"
        )
    tell(f"training {model.recipe.name}: {len(train)} clips, {len(valid)} to validate, costs {settings.costs}")
    vectors = [_vectors(model, data) for data in (train, valid)]
    found = fit_support_vectors(
        machine, vectors[0], vectors[1], settings=settings, seed=training.seed, select_by=training.select_by
    )
    for warning in found.warnings:
        tell(f"notice: {warning}")
    lines = "".join(json.dumps(asdict(row)) + "\n" for row in found.history)
    (folder / "history.jsonl").write_text(lines, encoding="utf-8")
    return Fit(found.history, found.best + 1)


def _vectors(model: SpeechModel, data: ClipFeatures) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the standardised features of all windows `[window, feature]`, and their classes `[window]`."""
    features = model.scaling(torch.stack(list(data.features))).flatten(1).numpy()
    return features, np.repeat(data.truth, np.diff(data.first))


def _features(
    model: SpeechModel, corpus: Corpus, split: Split, part: str, *, keep_waveforms: bool = False
) -> ClipFeatures:
    names = model.recipe.training.dimensions
    training = model.recipe.training
    chosen = rows(corpus, split, part)
    shares, possible = np.zeros(len(chosen)), [()] * len(chosen)
    if part == "train" and training.balance:
        shares = balanced_shares(chosen, training.balance)
    if part == "train" and training.label_sets == "own":
        possible = [tuple(one) for one in labels_of_corpora(chosen, model.labels).tolist()]
    beside = [{} for _ in chosen] if model.tokenizer is None else tokens_of(model.tokenizer, chosen)
    clips = [
        Clip(
            corpus.path(row["file"]),
            model.labels.index(row["emotion"]),
            start=row["start"],
            end=row["end"],
            dimensions=tuple(float("nan") if row[name] is None else row[name] for name in names),
            beside=read,
            share=share,
            possible=could,
        )
        for row, read, share, could in zip(chosen, beside, shares.tolist(), possible, strict=True)
    ]
    features, failed = compute_features(clips, model, keep_waveforms=keep_waveforms)
    if not len(features):
        reason = f"; the first: {failed[0][1]}" if failed else ""
        raise CorpusError(f"{corpus.name}: none of the {len(clips)} recordings of part {part} can be used{reason}")
    return features


def _check_values(model: SpeechModel, corpus: Corpus, part: str, data: ClipFeatures) -> None:
    """Raise a CorpusError if no clip with a value of a dimension is among those that could be read."""
    values = data.dimensions if data.dimensions is not None else np.empty((0, 0))
    for name, column in zip(model.recipe.training.dimensions, values.T, strict=True):
        if not np.isfinite(column).any():
            raise CorpusError(
                f"{corpus.name}: no recording of part {part} that has a value of {name} can be read; mend the files that "
                f"are named by `paraverbal corpus`, or leave {name} out of training.dimensions"
            )


def _progress(epoch: Epoch, trainer: Trainer) -> str:
    settings = trainer.settings
    left = min(settings.epochs, trainer.best_epoch + settings.stop_patience) - epoch.epoch
    last = settings.select_by == "last"
    best, unless = ("", "") if last else (f"  best {trainer.best_epoch}", " unless it improves")
    ccc = "" if epoch.valid_ccc is None else f" CCC {epoch.valid_ccc:.3f}"
    return (
        f"epoch {epoch.epoch}/{settings.epochs}  loss {epoch.train_loss:.3f} UAR {epoch.train_uar:.3f}  "
        f"valid loss {epoch.valid_loss:.3f} WA {epoch.valid_wa:.3f} UAR {epoch.valid_uar:.3f}{ccc}{best}  "
        f"{epoch.samples_per_second:.0f} samples/s  {_minutes(left * epoch.seconds)} left{unless}"
    )


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
