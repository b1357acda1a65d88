"""How a bundle's graph is used without paraverbal: what goes in and comes out, the steps around it, examples that run.

The steps are those of `bundle/load.py: Model.answer`; a test runs the examples and compares them with it.
"""

from collections.abc import Mapping
from typing import Any

# What an example cannot show in fifteen lines.
_NEEDS_PARAVERBAL = {
    "extractor": "its features are computed by paraverbal, not by the graph",
    "denoise": "noise is reduced before the graph, by noisereduce as paraverbal calls it",
    "text": "it reads text too, which paraverbal cuts into tokens",
}
_LEVELS = {
    "peak": "Multiply the clip so that its greatest absolute value is 1; silence stays.",
    "rms": "Multiply the clip so that its root mean square is 0.1 (-20 dB); silence stays.",
}
_LEVEL_PYTHON = {
    "peak": "waveform = waveform / max(np.abs(waveform).max(), 1e-30)\n",
    "rms": "waveform = waveform * np.float32(0.1 / max(np.sqrt(np.mean(waveform**2.0)), 1e-30))\n",
}
_LEVEL_JAVASCRIPT = {
    "peak": "samples.reduce((most, one) => Math.max(most, Math.abs(one)), 1e-30)",
    "rms": "10 * Math.sqrt(samples.reduce((sum, one) => sum + one * one, 1e-60) / samples.length)",
}


def standalone_section(manifest: Mapping[str, Any]) -> str:
    """Return the part of a card on use without paraverbal: ends of the graph, steps, an example in Python and in JavaScript.

    Args:
        manifest: The content of `bundle.json`; needed are `labels` and `sampling_rate`.
    """
    reason = _what_needs_paraverbal(manifest)
    parts = [_ends(manifest), _steps(manifest)]
    if reason:
        return "\n\n".join([*parts, f"There is no example without paraverbal: {reason}."])
    if not (manifest.get("seconds") and manifest.get("hop_seconds")):
        return "\n\n".join(parts)
    return "\n\n".join(
        [
            *parts,
            "In Python, up to the probabilities, with numpy, onnxruntime and soundfile\n"
            "(`python example.py clip.wav`, in this folder):",
            f"```python\n{python_example(manifest)}```",
            "In a browser, with `onnxruntime-web`; `samples` is what `decodeAudioData` of a\n"
            f"`new AudioContext({{ sampleRate: {manifest['sampling_rate']} }})` gives, the mean of its channels; `bundle` is\n"
            "the content of `bundle.json`, `model` the address or the bytes of `model.onnx`:",
            f"```javascript\n{javascript_example(manifest)}```",
        ]
    )


def python_example(manifest: Mapping[str, Any]) -> str:
    """Return a program that prints label and probability of a clip, one a line; it runs in the bundle's folder."""
    graph, rate = _graph(manifest), manifest["sampling_rate"]
    size, width = ("min({0}, len(waveform))", "max(size, {1})") if _keeps(manifest) else ("{0}", "{1}")
    counts = (_samples(manifest, "seconds"), _width(manifest))
    return f"""\
import json, sys, numpy as np, onnxruntime, soundfile

bundle = json.load(open("bundle.json", encoding="utf-8"))
waveform, rate = soundfile.read(sys.argv[1], dtype="float32", always_2d=True)
if rate != {rate}:
    sys.exit(f"{{rate}} Hz: bring the clip to {rate} Hz first")
waveform = waveform.mean(axis=1)
{_LEVEL_PYTHON.get(manifest.get("level", "none"), "")}\
size, hop = {size.format(*counts)}, {_samples(manifest, "hop_seconds")}
width, last = {width.format(*counts)}, max(0, len(waveform) - size)
starts = np.arange(-(-last // hop) + 1) * last // max(1, -(-last // hop))
cut = [waveform[start : start + size] for start in starts]
windows = np.stack([np.pad(piece, (0, width - len(piece))) for piece in cut])
session = onnxruntime.InferenceSession("{graph["file"]}")
mean = session.run(["{graph["output"]}"], {{"{graph["input"]}": windows}})[0].mean(axis=0)
powers = mean ** (1 / bundle["temperature"])
for label, probability in zip(bundle["labels"], powers / powers.sum()):
    print(label, probability)
"""


def javascript_example(manifest: Mapping[str, Any]) -> str:
    """Return a module that exports `emotions(samples, bundle, model)`: the probability of each label."""
    graph = _graph(manifest)
    size, width = ("Math.min({0}, samples.length)", "Math.max(size, {1})") if _keeps(manifest) else ("{0}", "{1}")
    counts = (_samples(manifest, "seconds"), _width(manifest))
    loudness = _LEVEL_JAVASCRIPT.get(manifest.get("level", "none"))
    levelled = (
        f"  const loudness = {loudness};\n  samples = samples.map((one) => one / loudness);\n" if loudness else ""
    )
    return f"""\
import * as ort from "onnxruntime-web";

export async function emotions(samples, bundle, model) {{
{levelled}\
  const size = {size.format(*counts)}, hop = {_samples(manifest, "hop_seconds")}, width = {width.format(*counts)};
  const last = Math.max(0, samples.length - size), steps = Math.ceil(last / hop);
  const windows = new Float32Array((steps + 1) * width);
  for (let i = 0; i <= steps; i++) {{
    const start = Math.floor((i * last) / Math.max(1, steps));
    windows.set(samples.subarray(start, start + size), i * width);
  }}
  const session = await ort.InferenceSession.create(model);
  const given = {{ {graph["input"]}: new ort.Tensor("float32", windows, [steps + 1, width]) }};
  const answers = (await session.run(given)).{graph["output"]}.data, count = bundle.labels.length;
  const sums = bundle.labels.map((_, label) => answers.reduce((sum, p, i) => sum + (i % count == label ? p : 0), 0));
  const powers = sums.map((sum) => (sum / (steps + 1)) ** (1 / bundle.temperature));
  return powers.map((power) => power / powers.reduce((sum, one) => sum + one));
}}
"""


def _ends(manifest: Mapping[str, Any]) -> str:
    graph = _graph(manifest)
    taken = f"waveform at {manifest['sampling_rate']} Hz, mono, -1 to 1"
    rows = [("in", graph["input"], "float32", "[batch, sample]", taken)]
    if manifest.get("extractor"):
        rows = [("in", graph["input"], "float32", "[batch, feature, 1]", f"features: {manifest['extractor']['kind']}")]
    if "text" in manifest.get("modalities", ()):
        rows += [
            ("in", graph["tokens"], "int64", "[batch, token]", "token ids"),
            ("in", graph["token_mask"], "int64", "[batch, token]", "1 where there is a token, 0 at padding"),
            ("in", graph["present"], "int64", "[batch, modality]", "1 for what the clip has: voice, text"),
        ]
    labels = ", ".join(manifest["labels"])
    rows.append(("out", graph["output"], "float32", f"[batch, {len(manifest['labels'])}]", f"probability of {labels}"))
    if manifest.get("dimensions"):
        told = ", ".join(manifest["dimensions"])
        rows.append(("out", graph["dimensions"], "float32", f"[batch, {len(manifest['dimensions'])}]", told))
    lines = [f"| {kind} | `{name}` | {dtype} | `{shape}` | {what} |" for kind, name, dtype, shape, what in rows]
    head = f"`{graph['file']}`, ONNX, weights {_weights(manifest)}:"
    return "\n".join([head, "", "| | name | type | shape | what |", "|---|---|---|---|---|", *lines])


def _weights(manifest: Mapping[str, Any]) -> str:
    return "of 8 bits (the front end's are float32)" if manifest.get("precision") == "int8" else "float32"


def _steps(manifest: Mapping[str, Any]) -> str:
    rate, temperature = manifest["sampling_rate"], manifest.get("temperature", 1)
    steps = [f"Take the mean of the channels, bring it to {rate} Hz."]
    if manifest.get("denoise", "none") != "none":
        steps.append("Reduce the noise.")
    if manifest.get("level", "none") != "none":
        steps.append(_LEVELS[manifest["level"]])
    if manifest.get("seconds") and manifest.get("hop_seconds"):
        steps.append(_cutting(manifest))
    steps.append("Take the mean of the probabilities over the windows.")
    if temperature != 1:
        steps.append(f"Raise it to 1 / {temperature:g} (`temperature`) and divide by the sum: so it was calibrated.")
    if manifest.get("threshold"):
        steps.append(
            f"An answer whose probability is below {manifest['threshold']:.3g} (`threshold`) is uncertain: say so, or ask again."
        )
    if manifest.get("quantile", 1) < 1:
        least = 1 - manifest["quantile"]
        steps.append(f"Labels of {least:.3g} (1 - `quantile`) or more held the truth in 90 % of the validation clips.")
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _cutting(manifest: Mapping[str, Any]) -> str:
    size = _samples(manifest, "seconds")
    shorter = (
        f"a shorter clip stays as it is, but at least {manifest.get('minimum_samples', 1)} samples, with zeros at its end"
        if _keeps(manifest)
        else "zeros at the end of a shorter clip"
    )
    return (
        f"Cut windows of {manifest['seconds']:g} s ({size} samples), evenly spaced and at most {manifest['hop_seconds']:g} s "
        f"apart, the first at the start, the last at the end; {shorter}."
    )


def _what_needs_paraverbal(manifest: Mapping[str, Any]) -> str:
    if manifest.get("extractor"):
        return _NEEDS_PARAVERBAL["extractor"]
    if "text" in manifest.get("modalities", ()):
        return _NEEDS_PARAVERBAL["text"]
    return _NEEDS_PARAVERBAL["denoise"] if manifest.get("denoise", "none") != "none" else ""


def _graph(manifest: Mapping[str, Any]) -> Mapping[str, str]:
    names = ("tokens", "token_mask", "present", "dimensions")
    defaults = {"file": "model.onnx", "input": "waveform", "output": "probabilities"} | {name: name for name in names}
    return defaults | dict(manifest.get("graph", {}))


def _keeps(manifest: Mapping[str, Any]) -> bool:
    return manifest.get("short") == "keep"


def _samples(manifest: Mapping[str, Any], key: str) -> int:
    return max(1, round(float(manifest[key]) * int(manifest["sampling_rate"])))


def _width(manifest: Mapping[str, Any]) -> int:
    least = int(manifest.get("minimum_samples", 1))
    return least if _keeps(manifest) else max(_samples(manifest, "seconds"), least)
