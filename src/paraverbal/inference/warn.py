"""What about a recording a model was not made for: too short, silent, clipped, without high frequencies, or without text.

The limits are measured on AESDD (44.1 kHz), RAVDESS and URDU (16 kHz), 2444 clips in all.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paraverbal.bundle.load import Model

Waveform = NDArray[np.float32]

# Shorter than nearly every utterance of the corpora that models learn from.
SHORTEST_SECONDS = 0.5

# Level (root mean square, dB re full scale) below which there is silence: the quietest clip of RAVDESS has -64 dB.
SILENCE_DB = -70.0

# Clipped: this share of the samples is at full scale (the highest value of 16 bits, or more), or stands still in a run
# of three or more less than 1 % below it: so looks a clipped file of 8 bits, whose highest value is 127/128. Of all the
# clips 18 of URDU are clipped; no other is, even brought to a peak of 1.
CLIPPED_SHARE = 0.001
_FULL_SCALE = 1 - 2.0**-15
_NEAR_FULL_SCALE = 0.99
_STEP = 2.0**-15
_RUN = 3

# No energy above 4 kHz: the loudest 5 % of the frames hold less than this share of the clip's mean power up there. All
# 2444 clips hold more than 5.9e-5; the same brought to 8 kHz, back, and to 16 bits, less than 1e-8, but for some of
# URDU, whose clipped clips are clipped once more on the way.
HIGH_SHARE = 2e-5
HIGH_HERTZ = 4200.0  # 4 kHz, and room for the slope of a resampling filter
_HIGH_QUANTILE = 0.95
_FRAME = 1024
_WINDOW = np.hanning(_FRAME)
_QUANTISATION_POWER = 2.0**-30 / 12  # of 16 bits, white; three times that (with dither) does not count as energy


def signal_warnings(waveform: Waveform, sampling_rate: int) -> list[str]:
    """Return a sentence for each property of a recording that makes a prediction doubtful.

    Args:
        waveform: Float `[sample]` in -1..1, at the file's own rate: resampling hides clipping and high frequencies.
        sampling_rate: In hertz.

    Returns:
        Sentences; none if nothing is wrong. Silence is not also said to lack high frequencies.

    Example:
        >>> signal_warnings(np.zeros(16000, np.float32), 16000)
        ['silence: the level is below -70 dB of full scale, so there is no voice to judge']
    """
    warnings = []
    seconds = len(waveform) / sampling_rate
    if seconds < SHORTEST_SECONDS:
        warnings.append(f"short: {seconds:.2f} s is less than {SHORTEST_SECONDS:g} s, too little to judge a voice by")
    if _level_db(waveform) < SILENCE_DB:
        return [
            *warnings,
            f"silence: the level is below {SILENCE_DB:g} dB of full scale, so there is no voice to judge",
        ]
    clipped = clipped_share(waveform)
    if clipped >= CLIPPED_SHARE:
        warnings.append(f"clipping: {clipped:.1%} of the samples stand at full scale; record at a lower level")
    if high_share(waveform, sampling_rate) < HIGH_SHARE:
        warnings.append(
            f"narrow band: no energy above 4 kHz (sampling rate {sampling_rate} Hz), as from a telephone; "
            "record at 16 kHz or more"
        )
    return warnings


def text_warnings(model: Model, text: str | None, missing: Sequence[str]) -> list[str]:
    """Return a sentence for what a model that reads text was not given, or could not read.

    Args:
        model: The model; of one that reads no text nothing is said.
        text: What it was given.
        missing: Of `audio` and `text` what it takes and was not given.
    """
    if not model.reads_text:
        return []
    others = {"audio": "text", "text": "audio"}
    warnings = [f"no {name}: judged by {others[name]} alone, where the model takes both" for name in missing]
    if text is None:
        return warnings
    if "text" in missing:
        from paraverbal.text.normalise import clean

        why = "the model knows none of its tokens" if clean(text).strip() else "it is empty"
        return [*warnings, f"text: {why}, so nothing was read of it"]
    tokenizer = model.tokenizer
    whole = len(tokenizer.pieces([text])[0]) + len(tokenizer.frame)
    if tokenizer.max_length is not None and whole > tokenizer.max_length:
        warnings.append(f"text: {whole} tokens, of which the model reads the first {tokenizer.max_length}")
    return warnings


def clipped_share(waveform: Waveform) -> float:
    """Return the share of samples (0..1) at full scale, or standing still right below it."""
    if len(waveform) == 0:
        return 0.0
    magnitude = np.abs(waveform)
    if magnitude.max() < _NEAR_FULL_SCALE:
        return 0.0
    near = magnitude >= _NEAR_FULL_SCALE
    # Element i tells of the step from sample i to i + 1.
    is_still = near[1:] & near[:-1] & (np.abs(np.diff(waveform)) <= _STEP)
    steps = np.concatenate([[False], _runs(is_still, _RUN - 1), [False]])
    return float(np.mean(steps[1:] | steps[:-1] | (magnitude >= _FULL_SCALE)))


def high_share(waveform: Waveform, sampling_rate: int) -> float:
    """Return the power above 4 kHz in the loudest frames, as a share of the clip's mean power.

    Args:
        waveform: Float `[sample]`.
        sampling_rate: In hertz; at 8 kHz and below the share is 0.
    """
    padded = waveform if len(waveform) >= _FRAME else np.pad(waveform, (0, _FRAME - len(waveform)))
    frames = padded[: len(padded) // _FRAME * _FRAME].reshape(-1, _FRAME)
    spectra = np.fft.rfft(frames * _WINDOW)
    # One-sided power spectrum whose sum over the bins is the mean square of the frame.
    power = (spectra.real**2 + spectra.imag**2) * (2 / (_FRAME * np.sum(_WINDOW**2)))
    is_high = np.fft.rfftfreq(_FRAME, 1 / sampling_rate) > HIGH_HERTZ
    total = float(power.sum(axis=1).mean())
    if total == 0 or not is_high.any():
        return 0.0
    high = float(np.quantile(power[:, is_high].sum(axis=1), _HIGH_QUANTILE))
    return max(0.0, high - 3 * _QUANTISATION_POWER * float(is_high.mean())) / total


def _runs(flags: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """Return the flags that are set in a run of at least `shortest`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    kept = np.zeros(len(flags), dtype=bool)
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        kept[first:end] = end - first >= shortest
    return kept


def _level_db(waveform: Waveform) -> float:
    power = float(np.mean(np.square(waveform, dtype=np.float64))) if len(waveform) else 0.0
    return float(10 * np.log10(power)) if power > 0 else -np.inf
