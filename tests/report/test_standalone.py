import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.bundles import write_bundle
from tests.voices import room, vowel

from paraverbal.bundle.load import Model, load_model
from paraverbal.report.deploy import export
from paraverbal.report.standalone import standalone_section

ROOT = Path(__file__).parent.parent.parent
RATE = 16000
# `make javascript` puts it there.
PACKAGE = ROOT / "build" / "javascript" / "node_modules" / "onnxruntime-web"
NODE = shutil.which("node")
DRIVER = """
import fs from "fs";
import { emotions } from "./example.mjs";
const bytes = fs.readFileSync(process.argv[2]);
const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const bundle = JSON.parse(fs.readFileSync("bundle.json", "utf-8"));
console.log(JSON.stringify(await emotions(samples, bundle, fs.readFileSync("model.onnx"))));
"""
BLOCK = r"```{}\n(.*?)```"
# Shorter than a window, just one, several.
LENGTHS = (0.4, 1.0, 3.7)
MANIFESTS = [
    {},
    {"temperature": 2.5},
    {"level": "peak", "seconds": 1.5, "hop_seconds": 0.7},
    {"level": "rms"},
    {"short": "keep", "minimum_samples": 8000},
    {"minimum_samples": 20000},
]


def block(folder, language):
    """The last block of a language in a bundle's README."""
    return re.findall(BLOCK.format(language), (folder / "README.md").read_text(), re.DOTALL)[-1]


def clip(seconds):
    return (vowel(seconds, amplitude=0.4) + room(seconds))[: round(seconds * RATE)]


def answer_of_python(folder, file):
    """Run the README's program in a process that must not import paraverbal."""
    (folder / "example.py").write_text(block(folder, "python"))
    (folder / "paraverbal.py").write_text("raise ImportError('the example must do without')")
    done = subprocess.run([sys.executable, "example.py", file], cwd=folder, capture_output=True, text=True, check=True)
    return {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}


def answer_of_javascript(folder, samples):
    (folder / "example.mjs").write_text(block(folder, "javascript"))
    (folder / "driver.mjs").write_text(DRIVER)
    (folder / "clip.f32").write_bytes(samples.tobytes())
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(PACKAGE.parent)
    done = subprocess.run(
        [NODE, "driver.mjs", "clip.f32"], cwd=folder, capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(done.stdout)


needs_javascript = pytest.mark.skipif(
    NODE is None or not PACKAGE.is_dir(), reason="node or onnxruntime-web is missing: make javascript"
)


@pytest.mark.parametrize("changes", MANIFESTS, ids=str)
def test_the_python_example_answers_as_paraverbal_does(tmp_path, changes):
    folder = export(write_bundle(tmp_path / "tiny", **changes), tmp_path / "out")
    model = Model(folder)
    for seconds in LENGTHS:
        soundfile.write(tmp_path / "clip.wav", clip(seconds), RATE, subtype="FLOAT")
        found = answer_of_python(folder, tmp_path / "clip.wav")
        assert list(found) == list(model.labels)
        assert list(found.values()) == pytest.approx(model(clip(seconds), RATE).tolist(), abs=1e-4)


@needs_javascript
@pytest.mark.parametrize("changes", MANIFESTS, ids=str)
def test_the_javascript_example_answers_as_paraverbal_does(tmp_path, changes):
    folder = export(write_bundle(tmp_path / "tiny", **changes), tmp_path / "out")
    found = answer_of_javascript(folder, clip(3.7))
    assert found == pytest.approx(Model(folder)(clip(3.7), RATE).tolist(), abs=1e-4)


@needs_javascript
def test_the_default_model_answers_in_javascript_too(tmp_path):
    folder = export("default", tmp_path / "out")
    found = answer_of_javascript(folder, clip(4.0))
    assert found == pytest.approx(load_model("default")(clip(4.0), RATE).tolist(), abs=1e-4)


@needs_javascript
def test_weights_of_8_bits_run_in_javascript_within_their_rounding(tmp_path):
    folder = export("default", tmp_path / "out", precision="int8")
    expected = Model(folder)(clip(4.0), RATE)
    found = answer_of_javascript(folder, clip(4.0))
    # WebAssembly multiplies bytes in another order of instructions, so activations may be rounded otherwise.
    assert found == pytest.approx(expected.tolist(), abs=0.02)


def test_the_python_example_takes_stereo_and_refuses_another_rate(tmp_path):
    folder = export(write_bundle(tmp_path / "tiny"), tmp_path / "out")
    soundfile.write(tmp_path / "two.wav", np.stack([clip(1), 0 * clip(1)], axis=1), RATE, subtype="FLOAT")
    expected = Model(folder)(clip(1) / 2, RATE).tolist()
    assert list(answer_of_python(folder, tmp_path / "two.wav").values()) == pytest.approx(expected, abs=1e-4)
    soundfile.write(tmp_path / "other.wav", clip(1), 22050)
    with pytest.raises(subprocess.CalledProcessError) as failed:
        answer_of_python(folder, tmp_path / "other.wav")
    assert failed.value.stderr == "22050 Hz: bring the clip to 16000 Hz first\n"


def test_the_default_models_card_runs_with_quiet_parts_on_real_clips(tmp_path):
    folder = export("default", tmp_path / "out")
    for name in ("sad_1", "angry_1"):
        file = ROOT / "examples" / "clips" / f"{name}.flac"
        waveform, rate = soundfile.read(file, dtype="float32")
        expected = load_model("default")(waveform, rate).tolist()
        assert list(answer_of_python(folder, file).values()) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"extractor": {"kind": "egemaps"}}, "computed by paraverbal"),
        ({"denoise": "profile"}, "noise is reduced"),
        ({"modalities": ["audio", "text"]}, "reads text too"),
    ],
)
def test_where_an_example_would_mislead_there_is_none_but_its_reason(changes, reason):
    section = standalone_section({"labels": ["anger", "fear"], "sampling_rate": RATE, "seconds": 3, **changes})
    assert reason in section
    assert "```" not in section


def test_ends_and_steps_are_those_of_the_manifest():
    manifest = {
        "labels": ["anger", "fear"],
        "dimensions": ["arousal"],
        "sampling_rate": 8000,
        "seconds": 2.0,
        "hop_seconds": 1.0,
        "level": "rms",
        "temperature": 1.5,
        "threshold": 0.6,
        "quantile": 0.9,
        "precision": "int8",
    }
    section = standalone_section(manifest)
    for words in (
        "| in | `waveform` | float32 | `[batch, sample]` | waveform at 8000 Hz, mono, -1 to 1 |",
        "| out | `probabilities` | float32 | `[batch, 2]` | probability of anger, fear |",
        "| out | `dimensions` | float32 | `[batch, 1]` | arousal |",
        "windows of 2 s (16000 samples), evenly spaced and at most 1 s apart",
        "root mean square is 0.1",
        "1 / 1.5 (`temperature`)",
        "below 0.6 (`threshold`)",
        "Labels of 0.1 (1 - `quantile`)",
        "weights of 8 bits",
    ):
        assert words in section
