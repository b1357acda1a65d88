"""The page that explains the words of acoustics: every number in its template is computed, and computed rightly."""

import re
import string
import sys
from pathlib import Path

import numpy as np
import pytest

from paraverbal.features import formants, pitch
from paraverbal.features.spectral import log_mel
from paraverbal.settings import LogMelSettings

DOCS = Path(__file__).parent.parent / "docs"
sys.path.append(str(DOCS))

import concepts  # noqa: E402
import concepts_signals as signals  # noqa: E402
import concepts_values as values  # noqa: E402
import concepts_voices as voices  # noqa: E402

TEMPLATE = concepts.TEMPLATE.read_text(encoding="utf-8")
RATE = signals.RATE


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def anchors(text):
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(scope="module")
def filled():
    return {**values.signal_values(), **voices.voice_values()}


def test_no_number_is_typed_into_the_template():
    concepts.check_template(TEMPLATE)
    with pytest.raises(SystemExit, match="line 2: a number is typed"):
        concepts.check_template("F0 and log10\nof 12 Hz")


def test_every_placeholder_gets_a_value_and_every_value_is_used(filled):
    assert sorted(placeholders(TEMPLATE) ^ set(filled)) == []
    assert not re.search(r"\bnan\b|\{", TEMPLATE.format(**filled))


def test_links_lead_to_headings_and_pictures_are_drawn():
    for page, anchor in re.findall(r"\]\((\w+\.md)?#([\w-]+)\)", TEMPLATE):
        text = (DOCS / page).read_text(encoding="utf-8") if page else TEMPLATE
        assert anchor in anchors(text), (page, anchor)
    shown = re.findall(r"\(concepts/([\w-]+)\.png\)", TEMPLATE)
    assert sorted(shown) == sorted(concepts.PICTURES)
    assert all((DOCS / "concepts" / f"{name}.png").is_file() for name in shown)


@pytest.mark.parametrize("name", concepts.PICTURES)
def test_every_picture_can_be_drawn(name):
    assert concepts.PICTURES[name]().axes


@pytest.mark.parametrize("name", ["mel", "tones", "frames"])
def test_a_picture_is_the_same_each_time(tmp_path, name):
    for place in (tmp_path / "a.png", tmp_path / "b.png"):
        concepts.write(concepts.PICTURES[name](), place)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_made_voice_has_the_pitch_and_formants_that_were_asked_for():
    vowel = signals.sing(voices.steady(130.0), signals.Voice(formants=signals.VOWELS["i"]))
    assert np.nanmedian(pitch.track(vowel, RATE).f0) == pytest.approx(130, rel=0.005)
    found = formants.track(vowel, RATE, formants.FormantSettings(ceiling_hz=5000.0)).frequencies[:3]
    np.testing.assert_allclose(np.nanmedian(found, axis=1), signals.VOWELS["i"], rtol=0.08)


def test_a_tone_begins_and_ends_on_its_steps():
    wanted = signals.contour((5.0, 1.0), 0.5)
    assert wanted[0] / wanted[-1] == pytest.approx(2)  # four steps of three semitones
    assert wanted[-1] == pytest.approx(signals.LOWEST_HZ)


def test_the_code_that_the_page_shows_is_what_the_project_computes():
    waveform = np.random.default_rng(0).normal(scale=0.1, size=8000).astype(np.float32)
    settings = LogMelSettings(fft_size=512, hop_length=160, bands=40, scale="htk", norm="none", floor_db=80.0)
    by_hand = values.log_mel_by_hand(waveform.astype(np.float64), RATE, 512, 160, 40)
    np.testing.assert_allclose(by_hand, log_mel(waveform, RATE, settings), atol=1e-3)


def test_scaling_each_frame_by_itself_is_what_the_scaler_of_scikit_learn_does_to_bands_and_frames():
    from sklearn.preprocessing import MinMaxScaler

    levels = np.random.default_rng(0).normal(size=(8, 30)).astype(np.float32)
    np.testing.assert_allclose(values.scale_each_frame(levels), MinMaxScaler().fit_transform(levels), atol=1e-6)


def test_striations_stand_a_period_apart_and_harmonics_f0_apart(filled):
    assert filled["striation_ms"] == pytest.approx(filled["period_ms"], rel=0.01)
    assert filled["harmonic_hz"] == pytest.approx(filled["steady_hz"], rel=0.02)
    assert filled["wide_hz"] / filled["narrow_hz"] == pytest.approx(filled["narrow_ms"] / filled["wide_ms"], rel=0.05)


def test_hertz_fold_as_the_page_says(filled):
    assert filled["alias_difference"] < 1e-9
    assert filled["filtered_db"] < -100 < filled["dropped_db"]


def test_the_frame_counts_are_those_of_slicing(filled):
    samples = np.zeros(filled["span"] * RATE)
    inside = np.lib.stride_tricks.sliding_window_view(samples, filled["frame_samples"])[:: filled["hop_samples"]]
    assert filled["frames_inside"] == len(inside)
    assert filled["frames_centred"] == filled["frames_quotient"] + 1
    assert filled["click_middle"] == pytest.approx(filled["click_seconds"])


def test_both_mel_scales_say_that_the_lower_step_is_the_wider():
    for scale in ("htk", "slaney"):
        low, high = (np.diff(values.hz_to_mel(np.array(pair), scale)) for pair in (values.LOW_PAIR, values.HIGH_PAIR))
        assert low > 5 * high
