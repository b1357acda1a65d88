import io

import matplotlib.image
import numpy as np
import pytest

from paraverbal.report.clip_analysis import NARROW, PANELS, PlotSettings, analyse, to_axis
from paraverbal.report.clip_figures import descriptors_figure, frame_at, spectrum_figure
from paraverbal.report.figures import DARK, LIGHT, png

RATE = 16_000
SECONDS = np.arange(8000) / RATE
VOICE = sum(0.3 / k * np.sin(2 * np.pi * 150 * k * SECONDS) for k in range(1, 20)).astype(np.float32)
NOISE = np.random.default_rng(0).normal(scale=0.1, size=4000).astype(np.float32)


def pixels(data):
    return matplotlib.image.imread(io.BytesIO(data))


def drawn(waveform, rate=RATE, title="", palette=LIGHT, **settings):
    wanted = PlotSettings(**settings)
    return descriptors_figure(analyse(waveform, rate, wanted), wanted, title=title, palette=palette)


def words(axes):
    return [text.get_text() for text in axes.texts]


def panels(figure):
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def test_a_picture_has_the_panels_asked_for_in_their_order():
    figure = drawn(VOICE, show=("intensity", "f0"), title="voice.wav")
    top, bottom = figure.axes
    assert (top.get_ylabel(), bottom.get_ylabel()) == ("level (dB)", "F0 (Hz)")
    assert top.get_title(loc="left") == "voice.wav"
    assert bottom.get_xlabel() == "time (s)"
    assert len(panels(drawn(VOICE))) == len(PANELS)


def test_all_panels_share_one_time_axis_in_seconds_of_the_recording():
    clip = analyse(VOICE, RATE, start_seconds=12.0)
    figure = descriptors_figure(clip)
    for axes in panels(figure):
        assert axes.get_xlim() == (12.0, 12.5)
    line = figure.axes[0].get_lines()[0]
    assert line.get_xdata().min() >= 12.0
    assert line.get_xdata().max() <= 12.5


def test_the_f0_panel_shows_f0_and_the_strip_what_is_voiced():
    figure = drawn(VOICE, show=("f0", "voicing"))
    line = figure.axes[0].get_lines()[0]
    assert np.nanmedian(line.get_ydata()) == pytest.approx(150, rel=0.01)
    assert len(figure.axes[1].collections) == 1


def test_formants_are_drawn_in_voiced_frames_only():
    both = np.concatenate([VOICE, NOISE])
    axes = drawn(both, show=("spectrogram",)).axes[0]
    assert len(axes.collections) == 5
    assert words(axes) == ["F1", "F2", "F3", "F4", "F5"]
    assert axes.collections[0].get_offsets()[:, 0].max() < 0.53
    assert not drawn(both, show=("spectrogram",), formants=False).axes[0].collections


def test_8_khz_have_no_fourth_formant():
    axes = drawn(VOICE[::2], rate=8000, show=("spectrogram",)).axes[0]
    assert words(axes) == ["F1", "F2", "F3"]


@pytest.mark.parametrize("scale", ["linear", "log", "mel"])
@pytest.mark.parametrize("spectrogram", ["wide", "narrow", "mel"])
def test_every_spectrogram_can_be_drawn_on_every_axis(spectrogram, scale):
    axes = drawn(VOICE, show=("spectrogram",), spectrogram=spectrogram, scale=scale, formants=False).axes[0]
    low, high = axes.get_ylim()
    assert high == to_axis(8000.0, scale)
    ticks = [float(tick.get_text()) for tick in axes.get_yticklabels()]
    np.testing.assert_allclose(axes.get_yticks(), to_axis(np.array(ticks), scale))
    assert low <= axes.get_yticks()[0]
    image = axes.images[0].get_array()
    places = np.linspace(low, high, len(image))
    loud = places[image[:, image.shape[1] // 2].argmax()]
    assert abs(loud - to_axis(150.0, scale)) < 0.12 * (high - low)


@pytest.mark.parametrize(
    ("waveform", "rate"),
    [
        (np.zeros(8000, np.float32), RATE),
        (NOISE, RATE),
        (VOICE[:800], RATE),
        (VOICE[:1], RATE),
        (VOICE[::2], 8000),
        (np.clip(5 * VOICE, -1, 1) + np.float32(0.5), RATE),
    ],
    ids=["silence", "noise", "50 ms", "one sample", "8 kHz", "clipped with DC"],
)
def test_whatever_is_read_can_be_drawn(waveform, rate):
    figure = drawn(waveform, rate)
    figure.draw_without_rendering()
    assert len(panels(figure)) == len(PANELS)
    spectrum_figure(waveform, rate, 0.02).draw_without_rendering()


def test_silence_and_noise_say_that_they_have_no_f0():
    for waveform in (np.zeros(8000, np.float32), NOISE):
        assert words(drawn(waveform, show=("f0",)).axes[0]) == ["no F0: nothing is voiced"]


def test_a_picture_fills_its_background_and_is_the_same_each_time():
    once, again = (png(drawn(VOICE, palette=DARK, show=("waveform", "spectrogram"))) for _ in range(2))
    assert once == again
    expected = [int(DARK.surface[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    assert pixels(once)[0, 0, :3] == pytest.approx(expected, abs=1 / 255)


def test_what_is_left_out_stands_beside_the_title():
    figure = descriptors_figure(analyse(VOICE, RATE, note="60 s of 70 s"), PlotSettings(show=("waveform",)))
    assert figure.axes[0].get_title(loc="right") == "60 s of 70 s"


def test_a_frame_is_centred_and_has_zeros_beyond_the_ends():
    frame, first = frame_at(np.arange(100.0), 1000, 0.050, 0.010)
    assert frame.tolist() == list(range(45, 55))
    assert first == 0.045
    assert frame_at(np.arange(100.0), 1000, 0.0, 0.010)[0].tolist() == [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]
    assert not frame_at(np.arange(100.0), 1000, 5.0, 0.010)[0].any()


def test_the_spectrum_of_one_frame_peaks_at_the_harmonics_in_db_of_full_scale():
    _, right = spectrum_figure(VOICE, RATE, 0.25).axes
    hertz, levels = right.get_lines()[0].get_data()
    for harmonic in (1, 2, 5):
        near = levels[np.abs(hertz - 150 * harmonic) < 40].max()
        between = levels[np.abs(hertz - 150 * (harmonic + 0.5)) < 10].min()
        assert near == pytest.approx(20 * np.log10(0.3 / harmonic), abs=1.5)
        assert between < near - 15
    envelope = right.get_lines()[1].get_ydata()
    assert envelope.max() == pytest.approx(levels.max(), abs=1e-3)


def test_the_spectrum_can_be_drawn_through_every_window():
    for name in ("rectangular", "hamming", "blackman"):
        left, _ = spectrum_figure(VOICE, RATE, 0.25, settings=NARROW, window_name=name).axes
        assert name in left.get_title(loc="left")
