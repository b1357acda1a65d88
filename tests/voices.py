"""Sounds with a known stretch of voice: harmonics that glide, as vowels do, in a silence that is not quite empty."""

import numpy as np


def vowel(seconds, rate=16000, f0=140.0, amplitude=0.3):
    """Return harmonics of a gliding fundamental that fall by 6 dB an octave, loud and soft four times a second."""
    times = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * f0 * (times + 0.02 * np.sin(2 * np.pi * times))
    harmonics = sum(np.sin(number * phase) / number for number in range(1, int(0.4 * rate / f0)))
    return (amplitude * (0.7 + 0.3 * np.cos(8 * np.pi * times)) * harmonics / 2).astype(np.float32)


def room(seconds, rate=16000, amplitude=1e-4, seed=0):
    """Return the noise of a quiet room, white."""
    return (amplitude * np.random.default_rng(seed).standard_normal(round(seconds * rate))).astype(np.float32)


def spoken(*parts, rate=16000):
    """Return voice and silence in turn: seconds above 0 are voice, below 0 silence."""
    pieces = [vowel(part, rate) if part > 0 else np.zeros(round(-part * rate), np.float32) for part in parts]
    joined = np.concatenate(pieces)
    return joined + room(len(joined) / rate, rate)[: len(joined)]


def cut_at(waveform, sizes):
    """Return a waveform as blocks of given sizes, again and again to its end."""
    blocks, first, turn = [], 0, 0
    while first < len(waveform):
        size = sizes[turn % len(sizes)]
        blocks.append(waveform[first : first + size])
        first += size
        turn += 1
    return blocks
