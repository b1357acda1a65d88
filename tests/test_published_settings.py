"""The recipes hold what their sources say: every number of the two texts that we run again, as a table."""

import pytest

from paraverbal.config import read_recipe

# Text and notebook on AESDD: docs/sources.md#adaptive-cnn-3.
AESDD = {
    "audio": {"sampling_rate": 44100, "short": "keep", "denoise": "profile", "level": "peak"},
    "frontend": {
        **{"kind": "log_mel", "fft_size": 2048, "hop_length": 512, "bands": 128, "fmax": 8000.0},
        **{"log": "db", "reference": "max", "scaling": "clip"},
    },
    "augment": {
        **{"copies": 0, "draw": "once", "probability": 0.6, "noise_deviation": 0.01, "pitch_semitones": 4.0},
        **{"frequency_mask": (10, 30), "time_mask": (10, 50), "mask_width": "up_to", "mask_value": "floor"},
    },
    "training": {"optimizer": "adam", "schedule": "constant", "weight_decay": 0.0, "select_on": "valid"},
}
ADAPTIVE = {"model": {"head": "average", "batch_norm": False, "dropout": 0.25}, "frontend": {"fit": "none"}}
RESIZED = {
    "model": {"head": "flatten", "batch_norm": True, "dropout": 0.5, "hidden_units": 0},
    "frontend": {"fit": "resize", "frames": 256, "interpolation": "linear"},
    "training": {"batch_size": 8, "epochs": 50},
}
THREE, FOUR = ({"model": {"channels": channels}} for channels in ((16, 32, 64), (16, 32, 64, 128)))
# Notebook on CREMA-D, after Zhao, Mao and Chen (2019): docs/sources.md#time-cnn-lstm.
CREMA_D = {
    "audio": {"sampling_rate": 44100, "seconds": "longest"},
    "frontend": {"fft_size": 2048, "hop_length": 512, "fit": "pad"},
    "augment": {
        **{"noise_snr_db": (10.0, 30.0), "pitch_semitones": 2.0, "stretch": (0.8, 1.25), "shift": 1.0},
        **{"keep_original": True, "draw": "epoch"},
    },
    "model": {"family": "local-features-lstm", "channels": (64, 64, 128, 128), "lstm_units": 256},
    "training": {"schedule": "time", "decay": 1e-6, "momentum": 0.9, "stop_patience": 8, "optimizer": "adam"},
}
MEL = {"frontend": {"kind": "log_mel", "bands": 128}, "model": {"dimensions": 2, "pools": (2, 4, 4, 4)}}

PUBLISHED = {
    "adaptive-cnn-3": (
        *(AESDD, ADAPTIVE, THREE),
        {"model": {"pooled": 2}, "training": {"batch_size": 1, "learning_rate": 1e-3, "epochs": 300}},
    ),
    "adaptive-cnn-4": (
        *(AESDD, ADAPTIVE, FOUR),
        {"model": {"pooled": 4}, "training": {"batch_size": 1, "learning_rate": 1e-3, "epochs": 100}},
    ),
    "resized-cnn-3": (AESDD, RESIZED, THREE, {"model": {"pooled": 3}, "training": {"learning_rate": 1e-3}}),
    "resized-cnn-4": (AESDD, RESIZED, FOUR, {"model": {"pooled": 4}, "training": {"learning_rate": 1e-4}}),
    "time-cnn-lstm": (
        CREMA_D,
        {"frontend": {"kind": "zcr_rms"}, "model": {"dimensions": 1, "pools": (4, 4, 4, 4), "attention": False}},
    ),
    "mel-cnn-lstm": (CREMA_D, MEL, {"model": {"attention": False}}),
    "mel-cnn-lstm-attention": (CREMA_D, MEL, {"model": {"attention": True}}),
}
EVERY = [
    (name, f"{section}.{key}", value)
    for name, tables in PUBLISHED.items()
    for table in tables
    for section, values in table.items()
    for key, value in values.items()
]


@pytest.mark.parametrize(("name", "setting", "value"), EVERY)
def test_a_recipe_holds_what_its_source_says(name, setting, value) -> None:
    section, key = setting.split(".")
    assert getattr(getattr(read_recipe(name), section), key) == value
