import csv
import io
import json

import numpy as np
import onnx
import pytest
import soundfile
from onnx import TensorProto, helper, numpy_helper
from scipy.signal import butter, sosfilt
from tests.bundles import expected, write_bundle
from tests.voices import room, vowel

import paraverbal as pv
from paraverbal.audio.read import find_audio, read
from paraverbal.bundle.format import Graph
from paraverbal.bundle.load import Model
from paraverbal.errors import EmptyAudioError, LabelError
from paraverbal.features.egemaps import NAMES
from paraverbal.inference.occlusion import Patches
from paraverbal.inference.saliency import Saliency, saliency
from paraverbal.inference.saliency_formats import saliency_text

RATE = 16000


def write_linear_graph(path, weights):
    """Write features [batch, feature, 1] -> softmax(features @ weights) [batch, label]."""
    ends = [("features", ["batch", len(weights), 1]), ("probabilities", ["batch", weights.shape[1]])]
    source, target = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ends)
    nodes = [
        helper.make_node("Flatten", ["features"], ["row"], axis=1),
        helper.make_node("MatMul", ["row", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(nodes, "linear", [source], [target], [numpy_helper.from_array(weights, "weights")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


class Listener(Model):
    """Stands in for a network: of each window it hears 1250 to 1700 Hz from 0.5 to 0.75 s, and finds anger in its power."""

    def run_windows(self, pieces, **_):
        heard = sosfilt(butter(8, [1250, 1700], "bandpass", fs=RATE, output="sos"), pieces)[:, 8000:12000]
        anger = 1 / (1 + np.exp(2 - 200 * np.mean(heard**2, axis=1)))
        return np.stack([anger, (1 - anger) / 2, (1 - anger) / 2], axis=1).astype(np.float32)


@pytest.fixture
def listener(tmp_path):
    return Listener(write_bundle(tmp_path / "listener", seconds=1.0))


def logit(probability):
    return np.log(probability / (1 - probability))


def test_a_model_that_hears_one_patch_has_its_saliency_there(listener):
    found = saliency(listener, room(1, amplitude=0.3), "anger", seconds=0.25, bands=12)
    assert found.values.shape == (12, 4)
    inside = (found.low_hz > 1200) & (found.high_hz < 1750)
    assert inside.sum() == 1
    assert found.values[inside, 2] > 1
    assert found.values[inside, 2] > 0.8 * np.abs(found.values).sum()
    assert np.unravel_index(found.values.argmax(), found.values.shape) == (np.flatnonzero(inside)[0], 2)


def test_windows_of_a_long_clip_are_heard_as_a_prediction_hears_them(listener):
    waveform = room(3, amplitude=0.3)
    found = saliency(listener, waveform, "anger")
    assert found.probability == pytest.approx(float(listener(waveform, RATE)[0]), abs=1e-6)
    # Each of the three windows has its own patch.
    assert sorted(np.argsort(found.per_time)[-3:].tolist()) == [2, 6, 10]


def test_the_value_is_the_fall_of_the_log_odds(tmp_path):
    model = Model(write_bundle(tmp_path / "tiny"))
    times = np.arange(RATE) / RATE
    waveform = np.where(times < 0.5, 0.2 * np.sin(2 * np.pi * 1000 * times), 0).astype(np.float32)
    found = saliency(model, waveform, "anger", seconds=0.5, bands=1)
    # 30 dB less power in the half that sounds; the tiny model tells all by the mean square.
    before, after = expected(0.01)[0], expected(0.01 * 1e-3)[0]
    assert found.values[0, 0] == pytest.approx(logit(before) - logit(after), abs=0.01)
    assert found.values[0, 1] == pytest.approx(0, abs=0.01)


def test_what_speaks_for_one_emotion_speaks_against_another(tmp_path):
    model = Model(write_bundle(tmp_path / "tiny"))
    waveform = vowel(1) + room(1)
    assert saliency(model, waveform, "anger").values.max() > 0
    assert saliency(model, waveform, "sadness").values.min() < 0


def test_without_an_emotion_the_most_probable_is_taken(tmp_path):
    model = Model(write_bundle(tmp_path / "tiny"))
    found = saliency(model, room(1, amplitude=0.5))
    assert found.emotion == "anger"
    assert found.probability == pytest.approx(float(model(room(1, amplitude=0.5), RATE).max()))


def test_temperature_counts(tmp_path):
    plain = Model(write_bundle(tmp_path / "plain"))
    warm = Model(write_bundle(tmp_path / "warm", temperature=2.0))
    waveform = room(1, amplitude=0.3)
    assert saliency(warm, waveform, "anger").probability == pytest.approx(float(warm(waveform, RATE)[0]), abs=1e-6)
    falls = [np.abs(saliency(model, waveform, "anger").values).sum() for model in (warm, plain)]
    assert falls[0] < falls[1]


def test_the_sampling_rate_of_the_waveform_may_be_another(tmp_path):
    model = Model(write_bundle(tmp_path / "tiny"))
    found = saliency(model, room(1, 48000, amplitude=0.3), "anger", sampling_rate=48000)
    assert found.end_seconds[-1] == pytest.approx(1)
    assert found.high_hz[-1] == 8000


def test_descriptors_that_stay_outside_the_graph_are_heard_too(tmp_path):
    # Anger by the mean loudness of eGeMAPS: the loud half of the clip speaks for it.
    weights = np.zeros((88, 3), np.float32)
    weights[NAMES.index("loudness_sma3_amean")] = [3, 0, -3]
    settings = {"kind": "egemaps", "f0_low_hz": 55.0, "f0_high_hz": 1000.0}
    folder = write_bundle(tmp_path / "loud", extractor=settings, graph=Graph(input="features"), short="keep")
    write_linear_graph(folder / "model.onnx", weights)
    waveform = np.concatenate([vowel(0.5, amplitude=0.4), room(0.5)])
    found = saliency(Model(folder), waveform, "anger", seconds=0.5, bands=2)
    assert found.per_time[0] > 10 * abs(found.per_time[1])


def test_in_silence_nothing_speaks_for_anything():
    found = saliency(pv.load_model("default"), np.zeros(RATE, np.float32))
    assert not found.values.any()


@pytest.mark.parametrize("samples", [1, 7, 100, 1000])
def test_a_very_short_clip_has_one_patch_in_time_or_few(samples):
    found = saliency(pv.load_model("default"), room(1, amplitude=0.3)[:samples], "fear")
    assert found.values.shape == (12, 1)
    assert np.isfinite(found.values).all()
    assert found.end_seconds[-1] == pytest.approx(samples / RATE)


def test_sums_are_those_of_the_values():
    values = np.arange(10, dtype=np.float32).reshape(2, 5)
    edges = np.linspace(0, 1.5, 6)
    hertz = np.float64([0, 1000, 8000])
    found = Saliency(values, edges[:-1], edges[1:], hertz[:-1], hertz[1:], "anger", 0.5)
    assert found.per_time.tolist() == [5, 7, 9, 11, 13]
    assert found.per_band.tolist() == [10, 35]
    # Patches of 0.3 s: the fourth, from 0.9 to 1.2 s, is a third in the first second.
    assert found.per_second == pytest.approx([5 + 7 + 9 + 11 / 3, 11 * 2 / 3 + 13])


def test_the_same_clip_gives_the_same_numbers():
    model = pv.load_model("default")
    first, second = (saliency(model, vowel(1)).to_dict() for _ in range(2))
    assert first == second


def test_an_emotion_that_the_model_does_not_know_is_told_with_those_it_does(tmp_path):
    model = Model(write_bundle(tmp_path / "tiny"))
    with pytest.raises(LabelError, match=r"'angr' \(did you mean 'anger'\?\); it knows anger, neutral, sadness"):
        saliency(model, room(1), "angr")


def test_no_samples_are_refused(tmp_path):
    with pytest.raises(EmptyAudioError):
        saliency(Model(write_bundle(tmp_path / "tiny")), np.zeros(0, np.float32))


@pytest.mark.corpus
def test_removing_what_speaks_for_an_emotion_harms_it_more_than_removing_anything(corpora):
    model = pv.load_model("default")
    draws = np.random.default_rng(0)
    clips = [file for name in ("aesdd", "ravdess") for file in find_audio(corpora / name)[::500]]
    assert len(clips) >= 5
    falls = []
    for clip in clips:
        waveform, rate = read(clip)
        prepared = model.prepare(waveform[: 3 * rate], rate)
        found = saliency(model, prepared)
        patches = Patches(prepared, RATE, seconds=0.25, bands=12)
        changes = [patches.changes(stretch) for stretch in range(patches.stretches)]

        def fall(chosen, prepared=prepared, changes=changes, found=found):
            changed = prepared.copy()
            for place in chosen:
                band, stretch = np.unravel_index(place, found.values.shape)
                change = changes[stretch]
                changed[change.start : change.start + change.added.shape[1]] += change.added[band]
            return found.probability - model(changed, RATE)[model.labels.index(found.emotion)]

        count = found.values.size // 10
        best = np.argsort(found.values.ravel())[-count:]
        anything = [fall(draws.choice(found.values.size, count, replace=False)) for _ in range(3)]
        falls.append((fall(best), np.mean(anything)))
    best, anything = np.array(falls).T
    assert (best > anything).all()
    assert best.mean() > anything.mean() + 0.1


def test_json_csv_and_table_tell_the_same(listener):
    found = saliency(listener, room(1, amplitude=0.3), "anger", bands=3)
    document = json.loads(saliency_text(found, "a.wav", "tiny", "json"))
    assert document == {"file": "a.wav", "model": "tiny"} | found.to_dict()
    assert list(document)[2:] == [
        "emotion",
        "probability",
        "seconds",
        "bands",
        "values",
        "per_time",
        "per_second",
        "per_band",
    ]
    rows = list(csv.DictReader(io.StringIO(saliency_text(found, "a.wav", "tiny", "csv"))))
    values = np.array([float(row["value"]) for row in rows]).reshape(4, 3).T
    assert values == pytest.approx(np.array(document["values"]), abs=1e-6)
    assert saliency_text(found, "a.wav", "tiny", "table").count(" Hz ") == 3


def test_the_command_writes_numbers_and_a_picture(command, tmp_path):
    clip = tmp_path / "clip.wav"
    soundfile.write(clip, vowel(0.6), RATE)
    code, out, err = command("saliency", clip, "--plot", tmp_path / "clip.png", "--emotion", "fear", "--json")
    assert (code, err) == (0, f"picture: {tmp_path / 'clip.png'}\n")
    assert json.loads(out)["emotion"] == "fear"
    assert (tmp_path / "clip.png").read_bytes().startswith(b"\x89PNG")
    code, out, _ = command("saliency", clip, "--output", tmp_path / "clip.csv", "--bands", 2, "--seconds", 0.3)
    assert (code, out) == (0, "")
    assert (tmp_path / "clip.csv").read_text().count("\n") == 1 + 2 * 2


def test_the_command_warns_of_silence_and_of_an_answer_that_is_none(command, tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(8000), RATE)
    told = command("saliency", tmp_path / "silence.wav")[2].splitlines()
    assert told[0].startswith("warning: silence: the level is below")
    assert told[1].startswith("uncertain: ")
    assert len(command("saliency", tmp_path / "silence.wav", "--emotion", "fear")[2].splitlines()) == 1


def test_wrong_requests_are_told(refused, tmp_path):
    clip = tmp_path / "clip.wav"
    soundfile.write(clip, vowel(0.6), RATE)
    assert "there is no folder" in refused("saliency", clip, "--plot", tmp_path / "no" / "clip.png")
    assert "give one of them" in refused("saliency", clip, "--json", "--csv")
    assert "does not know 'joyy'" in refused("saliency", clip, "--emotion", "joyy")
    assert "too short" in refused("saliency", clip, "--seconds", 0)
    assert "no.wav" in refused("saliency", tmp_path / "no.wav")
