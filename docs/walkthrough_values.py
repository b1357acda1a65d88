"""Every number and every sentence that depends on one, for the template of the walkthrough."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from paraverbal.corpora import LOADERS
from paraverbal.features.spectral import (
    highest_frequency,
    hz_to_mel,
    log_mel,
    mel_filters,
    mel_to_hz,
    power_spectrogram,
)
from paraverbal.settings import LogMelSettings
from walkthrough_clip import Subject, Trace, augmented
from walkthrough_figures import MAPS_SHOWN

# What the description of the published system states; see sources.md#cnn-lstm.
SOURCE_PARAMETERS = 2_752_197
SOURCE_SHAPES: dict[str, tuple[int, ...]] = {
    "waveform": (144_000,),
    "log-mel": (128, 282),
    "block 1": (32, 64, 141),
    "block 2": (64, 32, 70),
    "block 3": (128, 16, 35),
    "sequence": (35, 2048),
    "LSTM": (35, 256),
    "last step": (256,),
    "hidden": (128,),
    "logits": (5,),
}
SOURCE_CLIPS = 900
SOURCE_EXAMPLE = (-40.0, 0.9)  # a value in dB, and the factor that it is multiplied by

LOW_HZ = 1000.0  # below it the mel scale is linear
FAINT = 0.1  # of the area that a band is meant to have: less is hardly heard
GAIN = 0.5  # of a waveform, to show that it does not matter


def page_values(subject: Subject, traces: Sequence[Trace], moved: dict[str, NDArray[np.float32]]) -> dict[str, Any]:
    """Return the values of all placeholders of the template."""
    first = traces[0]
    return {
        **clip_values(subject, first),
        **frame_values(subject, first),
        **filter_values(subject, first),
        **log_mel_values(subject, first),
        **augmentation_values(subject, first),
        **block_values(subject, first),
        **lstm_values(subject, first, moved),
        **head_values(subject, first),
        **output_values(subject, traces),
        **difference_values(subject),
    }


def clip_values(subject: Subject, first: Trace) -> dict[str, Any]:
    audio, row, origin = subject.model.recipe.audio, subject.row, subject.origin
    titles = {loader.NAME: loader.TITLE for loader in LOADERS}
    windows = len(subject.windows)
    samples = min(round(subject.seconds * audio.sampling_rate), audio.samples)
    return {
        "recipe": subject.model.recipe.name,
        "file": row["file"],
        "corpus": f"{titles.get(origin.name, origin.name)} ({origin.licence})",
        "citation": f"{origin.citation}. {origin.source}",
        "described": _described(row),
        "part": _part_sentence(subject),
        "weights": _weights_sentence(subject),
        "seconds": subject.seconds,
        "file_rate": subject.file_rate,
        "rate": audio.sampling_rate,
        "resampled": _resampled_sentence(subject),
        "window_seconds": subject.window_seconds,
        "samples": len(first.waveform),
        "windows": f"{windows} windows" if windows > 1 else "a single window",
        "windows_note": _windows_sentence(windows, audio.samples - samples, audio.sampling_rate),
        "peak": float(np.abs(first.waveform).max()),
        "rms_db": _db(float(np.mean(first.waveform.astype(np.float64) ** 2))),
    }


def frame_values(subject: Subject, first: Trace) -> dict[str, Any]:
    settings, rate = subject.front_end, subject.model.recipe.audio.sampling_rate
    power = power_spectrogram(first.waveform, settings.fft_size, settings.hop_length)
    loudest = loudest_frame(power)
    strongest = int(power[:, loudest].argmax())
    return {
        "fft_size": settings.fft_size,
        "frame_ms": 1000 * settings.fft_size / rate,
        "hop": settings.hop_length,
        "hop_ms": 1000 * settings.hop_length / rate,
        "frames": power.shape[1],
        "frames_quotient": len(first.waveform) / settings.hop_length,
        "bins": len(power),
        "bin_hz": rate / settings.fft_size,
        "nyquist": rate / 2,
        "loudest_ms": 1000 * loudest * settings.hop_length / rate,
        "loudest": loudest + 1,
        "strongest_hz": strongest * rate / settings.fft_size,
    }


def filter_values(subject: Subject, first: Trace) -> dict[str, Any]:
    settings, rate = subject.front_end, subject.model.recipe.audio.sampling_rate
    filters, peaks = slaney_filters(settings, rate), band_edges(settings, rate)[:, 1]
    areas = filters.sum(axis=1) * rate / settings.fft_size
    return {
        "bands": settings.bands,
        "highest": highest_frequency(settings, rate),
        "low_hz": LOW_HZ,
        "bands_low": int((peaks < LOW_HZ).sum()),
        "share_low": float(np.mean(peaks < LOW_HZ)),
        "span_low": LOW_HZ / highest_frequency(settings, rate),
        "narrowest": float(np.diff(peaks).min()),
        "widest": float(np.diff(peaks).max()),
        "heard": int(filters.any(axis=0).sum()),
        "area_least": float(areas.min()),
        "area_greatest": float(areas.max()),
        "faint": int((areas < FAINT).sum()),
        "faint_share": FAINT,
        "faint_low": int((areas[peaks < LOW_HZ] < FAINT).sum()),
        "silent": int((areas == 0).sum()),
        "still": int((np.ptp(first.log_mel, axis=1) == 0).sum()),
    }


def log_mel_values(subject: Subject, first: Trace) -> dict[str, Any]:
    settings, rate = subject.front_end, subject.model.recipe.audio.sampling_rate
    quiet = subject.model.frontend(torch.from_numpy(first.waveform * np.float32(GAIN))[None])[0].numpy()
    return {
        "least": float(first.log_mel.min()),
        "greatest": float(first.log_mel.max()),
        "floor": settings.floor_db,
        "floor_share": float(np.mean(first.log_mel <= first.log_mel.min() + 1e-3)),
        "kept": first.log_mel.size / first.waveform.size,
        "log_mel_size": first.log_mel.size,
        "gain": GAIN,
        "gain_db": _db(GAIN**2),
        "gain_difference": float(np.abs(quiet - first.log_mel).max()),
        "numpy_difference": float(np.abs(log_mel(first.waveform, rate, settings) - first.log_mel).max()),
        "scaling": settings.scaling,
    }


def augmentation_values(subject: Subject, first: Trace) -> dict[str, Any]:
    settings, original = subject.model.recipe.augment, first.log_mel
    hop_ms = 1000 * subject.front_end.hop_length / subject.model.recipe.audio.sampling_rate
    rows = [["original", "0", "0", "1", f"{original.min():.1f}", f"{original.max():.3f}"]]
    for number, (change, values) in enumerate(augmented(subject, original), 1):
        noise, roll = f"{change.noise_deviation:g}", f"{change.shift} ({change.shift * hop_ms:.0f} ms)"
        rows.append(
            [f"copy {number}", noise, roll, f"{change.factor:.3f}", f"{values.min():.1f}", f"{values.max():.3f}"]
        )
    head = ["", "noise, deviation in dB", "roll in frames", "factor", "lowest in dB", "highest in dB"]
    neighbours = float(np.abs(np.diff(original, axis=1)).mean())
    return {
        "copies": settings.copies,
        "shown": settings.copies + 1,
        "probability": settings.probability,
        "changes": _table([head, *rows]),
        "noise": settings.noise_deviation,
        "neighbours": neighbours,
        "noise_ratio": neighbours / settings.noise_deviation if settings.noise_deviation else math.inf,
        "roll": settings.roll,
        "roll_frames": int(original.shape[1] * settings.roll),
        "factor_low": settings.factor[0],
        "factor_high": settings.factor[1],
        "deepest": float(original.min()) * settings.factor[1],
    }


def block_values(subject: Subject, first: Trace) -> dict[str, Any]:
    blocks = list(subject.model.network.blocks)
    sections, before = [], first.log_mel[np.newaxis]
    field, step = 1, 1
    for number, (block, maps) in enumerate(zip(blocks, first.maps, strict=True), 1):
        field, step = field + 2 * step, 2 * step  # a convolution reaches one position further on each side
        field += step // 2  # the maximum of two
        sections.append(_block_section(number, block, before, maps, field))
        before = maps
    rate = subject.model.recipe.audio.sampling_rate
    settings = subject.front_end
    frames = first.log_mel.shape[1]
    return {
        "blocks": "\n\n".join(sections),
        "blocks_count": len(blocks),
        "maps_shown": MAPS_SHOWN,
        "maps_size": before.size,
        "maps_ratio": before.size / first.log_mel.size,
        "map_size": before[0].size,
        "map_share": 1 - before[0].size / first.log_mel.size,
        "field": field,
        "field_ms": 1000 * ((field - 1) * settings.hop_length + settings.fft_size) / rate,
        "step_frames": step,
        "step_ms": 1000 * step * settings.hop_length / rate,
        "frames_unseen": frames - step * before.shape[-1],
        "dropout": subject.model.network.dropout.p,
    }


def lstm_values(subject: Subject, first: Trace, moved: dict[str, NDArray[np.float32]]) -> dict[str, Any]:
    lstm = subject.model.network.lstm
    parameters, total = _parameters(lstm), subject.model.parameters_count
    first_layer = sum(p.numel() for name, p in lstm.named_parameters() if "_l0" in name)
    forward, backward, alone = moved.values()
    steps = len(first.sequence)
    return {
        "steps": steps,
        "features": first.sequence.shape[1],
        "channels": first.maps[-1].shape[0],
        "rows": first.maps[-1].shape[1],
        "units": lstm.hidden_size,
        "outputs": 2 * lstm.hidden_size,
        "layers": lstm.num_layers,
        "lstm_parameters": parameters,
        "lstm_share": parameters / total,
        "first_layer_share": first_layer / total,
        "alone": int(np.count_nonzero(alone)),
        "forward_first": float(forward[0]),
        "backward_first": float(backward[0]),
        "backward_middle": float(backward[steps // 2]),
        "forward_middle": float(forward[steps // 2]),
        "middle": steps // 2 + 1,
    }


def head_values(subject: Subject, first: Trace) -> dict[str, Any]:
    network, model = subject.model.network, subject.model
    stages: dict[str, tuple[NDArray[np.float32], int]] = {
        "waveform": (first.waveform, 0),
        "log-mel": (first.log_mel, 0),
        **{
            f"block {number}": (maps, _parameters(block))
            for number, (maps, block) in enumerate(zip(first.maps, network.blocks, strict=True), 1)
        },
        "sequence": (first.sequence, 0),
        "LSTM": (first.states, _parameters(network.lstm)),
        "last step": (first.last, 0),
        "hidden": (first.hidden, _parameters(network.hidden)),
        "logits": (first.logits, _parameters(network.output)),
    }
    rows = [
        [name, _shape(values.shape), _shape(SOURCE_SHAPES.get(name, ())), f"{parameters:,}"]
        for name, (values, parameters) in stages.items()
    ]
    rows.append(["all", "", f"{SOURCE_PARAMETERS:,} parameters", f"{model.parameters_count:,}"])
    return {
        "hidden": len(first.hidden),
        "hidden_zero": int((first.hidden == 0).sum()),
        "hidden_parameters": _parameters(network.hidden),
        "output_parameters": _parameters(network.output),
        "stages": _table([["stage", "shape here", "as published", "parameters here"], *rows]),
        "parameters": model.parameters_count,
        "megabytes": 4 * model.parameters_count / 1e6,
    }


def output_values(subject: Subject, traces: Sequence[Trace]) -> dict[str, Any]:
    labels, truth = subject.model.labels, subject.row["emotion"]
    index, first = labels.index(truth), traces[0]
    mean = np.mean([found.probabilities for found in traces], axis=0)
    rows = [[f"window {number}", *_percents(found.probabilities)] for number, found in enumerate(traces, 1)]
    rows.append(["mean: the clip", *_percents(mean)])
    predicted = labels[int(first.probabilities.argmax())]
    verdict = f"The clip is labelled {truth}: {'right' if labels[int(mean.argmax())] == truth else 'wrong'}."
    return {
        "labels": len(labels),
        "truth": truth,
        "largest_logit": float(first.logits.max()),
        "predicted": predicted,
        "confidence": float(first.probabilities.max()),
        "truth_probability": float(first.probabilities[index]),
        "loss": -math.log(float(first.probabilities[index])),
        "guess": math.log(len(labels)),
        "clip_predicted": labels[int(mean.argmax())],
        "clip_loss": -math.log(float(mean[index])),
        "probabilities": _table([["", *labels], *rows]),
        "verdict": verdict,
    }


def difference_values(subject: Subject) -> dict[str, Any]:
    level, factor = SOURCE_EXAMPLE
    return {
        "source_clips": SOURCE_CLIPS,
        "batch": subject.model.recipe.training.batch_size,
        "example_level": level,
        "example_factor": factor,
        "example_claimed": level + 20 * math.log10(factor),
        "example_true": level * factor,
    }


def loudest_frame(power: NDArray[np.float32]) -> int:
    """Return the index of the frame with the most power, of `[bin, frame]`."""
    return int(power.sum(axis=0).argmax())


def band_edges(settings: LogMelSettings, sampling_rate: int) -> NDArray[np.float64]:
    """Return lower foot, peak and upper foot of each mel band in hertz, `[band, 3]`."""
    ends = np.array([settings.fmin, highest_frequency(settings, sampling_rate)])
    low, high = hz_to_mel(ends, settings.scale)
    edges = mel_to_hz(np.linspace(low, high, settings.bands + 2), settings.scale)
    return np.lib.stride_tricks.sliding_window_view(edges, 3)


def slaney_filters(settings: LogMelSettings, sampling_rate: int) -> NDArray[np.float64]:
    """Return the mel filters `[band, bin]`, each meant to have an area of 1, whatever the recipe's norm."""
    return mel_filters(settings.model_copy(update={"norm": "slaney"}), sampling_rate)


def _block_section(
    number: int, block: nn.Module, before: NDArray[np.float32], maps: NDArray[np.float32], field: int
) -> str:
    parts = ", ".join(
        f"{name} {_parameters(module):,}"
        for name, module in zip(("convolution", "normalisation"), block.children(), strict=False)
    )
    return (
        f"### Block {number}: {_axes(before)} -> {_axes(maps)}\n\n"
        f"![Feature maps after block {number}](walkthrough/block-{number}.png)\n\n"
        f"{_parameters(block):,} parameters ({parts}). A value here sees {field} x {field} bands and frames of the "
        f"spectrogram. {np.mean(maps == 0):.0%} of the values are zero after the ReLU."
    )


def _described(row: dict[str, Any]) -> str:
    words = f"“{row['transcript']}”" if row["transcript"] else "an utterance"
    intensity = f", intensity {row['intensity']}" if row["intensity"] else ""
    return f"{words}, acted as “{row['label']}”{intensity}, by speaker {row['speaker']} ({row['sex']})"


def _part_sentence(subject: Subject) -> str:
    if subject.name is None:
        return "It is the first angry one of the corpus, by file name."
    if subject.part is None:
        return "No split is known, so the clip may be one that the network was trained on."
    return (
        f"It is the first angry one of the run's {subject.part} part, by file name; the network was not trained on it."
    )


def _weights_sentence(subject: Subject) -> str:
    if subject.name is None:
        return (
            "**The weights are untrained** (random, as a training begins): shapes and quantities are right, and what the "
            "network makes of the clip means nothing yet."
        )
    return f"The weights are those of a trained `{subject.name}`."


def _resampled_sentence(subject: Subject) -> str:
    rate = subject.model.recipe.audio.sampling_rate
    if subject.file_rate == rate:
        return f"The file is sampled at {rate:,} Hz, as the network wants it."
    added = ", which adds no frequency that was not there" if subject.file_rate < rate else ""
    return f"The file is sampled at {subject.file_rate:,} Hz and is resampled to {rate:,} Hz{added}."


def _windows_sentence(windows: int, missing: int, sampling_rate: int) -> str:
    if windows > 1:
        return "the first is followed here, and at the end the probabilities of all are averaged"
    return f"padded with {missing:,} zeros ({missing / sampling_rate:.2f} s) at its end" if missing else "whole"


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _percents(probabilities: NDArray[Any]) -> list[str]:
    return [f"{value:.1%}" for value in probabilities]


def _db(power: float) -> float:
    return 10 * math.log10(power) if power > 0 else -math.inf


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{size:,}" for size in shape)


def _axes(values: NDArray[np.float32]) -> str:
    return f"`[{', '.join(map(str, values.shape))}]`"


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])
