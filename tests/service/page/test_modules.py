"""What the page computes by itself, against numbers that are known otherwise."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.service.page.visiting import leave, open_page

import paraverbal as pv
from paraverbal.emotions import DIMENSIONS, EMOTIONS
from paraverbal.features.spectral import hz_to_mel, mel_filters
from paraverbal.inference.formats import csv_text
from paraverbal.inference.timeline_formats import document
from paraverbal.report.timeline_figure import COLOURS
from paraverbal.service import pages
from paraverbal.settings import LogMelSettings

CLIPS = Path(__file__).parents[3] / "examples" / "clips"
STYLE = (pages.FOLDER / "page.css").read_text(encoding="utf-8")
SCRIPTS = {file.name: file.read_text(encoding="utf-8") for file in pages.FOLDER.glob("*.js")}
HTML = (pages.FOLDER / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run(browser, service):
    """Evaluate an expression in which `m` is a module of the page and `given` what is given."""
    page = open_page(browser, service)

    def evaluate(module, expression, given=None):
        script = f"async (given) => {{ const m = await import('/static/{module}'); return {expression}; }}"
        return page.evaluate(script, given)

    yield evaluate
    leave(page)


@pytest.mark.browser
def test_the_fourier_transform_is_that_of_numpy(run):
    draw = np.random.default_rng(3)
    for size in (2, 8, 64, 1024):
        frame = draw.normal(size=size)
        power = run("fourier.js", f"[...new m.Fourier({size}).power(given)]", frame.tolist())
        np.testing.assert_allclose(power, np.abs(np.fft.rfft(frame)) ** 2, rtol=1e-9, atol=1e-9)
    assert run("fourier.js", "(() => { try { new m.Fourier(12); } catch (e) { return e.name; } })()") == "RangeError"
    window = run("fourier.js", "[...m.hann(640)]")
    np.testing.assert_allclose(window, 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(640) / 640), atol=1e-12)


@pytest.mark.browser
def test_mel_and_its_filters_are_those_of_the_package(run):
    hertz = [0.0, 60.0, 999.0, 1000.0, 3400.0, 8000.0]
    mel = run("mel.js", "given.map(m.melOfHz)", hertz)
    np.testing.assert_allclose(mel, hz_to_mel(np.array(hertz)), rtol=1e-9)
    np.testing.assert_allclose(run("mel.js", "given.map(m.melOfHz).map(m.hzOfMel)", hertz), hertz, rtol=1e-9)
    filters = np.zeros((96, 513))
    for band, (first, weights) in enumerate(
        run("mel.js", "m.melFilters(16000, 1024, 96).map(({first, weights}) => [first, [...weights]])")
    ):
        filters[band, first : first + len(weights)] = weights
    expected = mel_filters(LogMelSettings(fft_size=1024, hop_length=160, bands=96), 16_000)
    np.testing.assert_allclose(filters, expected, atol=1e-9)


@pytest.mark.browser
def test_the_outline_is_that_of_numpy(run):
    times = np.arange(16_000) / 16_000
    samples = (0.5 * np.sin(2 * np.pi * 500 * times) * (times > 0.5)).astype(np.float32)
    outline = run(
        "outline.js",
        "(() => { const one = new m.Outline(Float32Array.from(given)); const part = one.part(0, one.columns);"
        " return [[...part.lowest], [...part.highest], [...part.levels]]; })()",
        samples.tolist(),
    )
    lowest, highest, levels = (np.array(values) for values in outline)
    columns = samples.reshape(100, 160)
    np.testing.assert_allclose(lowest, np.minimum(columns.min(axis=1), 0), atol=1e-7)
    np.testing.assert_allclose(highest, np.maximum(columns.max(axis=1), 0), atol=1e-7)

    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(640) / 640)
    frame = np.pad(samples[80 * 160 + 80 - 320 :][:640] * window, (0, 384))
    settings = LogMelSettings(fft_size=1024, hop_length=160, bands=96)
    power = mel_filters(settings, 16_000) @ np.abs(np.fft.rfft(frame)) ** 2
    np.testing.assert_allclose(levels.reshape(100, 96)[80], 10 * np.log10(power + 1e-12), atol=1e-3)
    assert levels.reshape(100, 96)[:40].max() == pytest.approx(-120, abs=1e-3)


@pytest.mark.browser
def test_channels_are_averaged_and_long_recordings_get_no_more_columns(run):
    assert run("outline.js", "[...m.mixed([Float32Array.of(1, 0.5), Float32Array.of(0, -0.5)])]") == [0.5, 0.0]
    assert run("outline.js", "[1, 159, 1600, 16000 * 3600].map(m.columnsOf)") == [1, 1, 10, 1600]


@pytest.mark.browser
def test_a_wav_file_of_the_page_is_read_to_the_bit(run):
    samples = np.array([0, 0.25, -0.25, 1.0, -1.0, 3.0, -3.0, 1 / 32768], np.float32)
    expression = (
        "[...new Uint8Array(await m.wav([Float32Array.from(given), new Float32Array(2)], 44100).arrayBuffer())]"
    )
    data = bytes(run("pcm.js", expression, samples.tolist()))
    read, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert rate == 44_100
    assert read.tolist() == [0, 8192, -8192, 32767, -32768, 32767, -32768, 1, 0, 0]
    assert soundfile.info(io.BytesIO(data)).subtype == "PCM_16"
    little = run("pcm.js", "[...new Uint8Array(m.littleEndian(Int16Array.of(1, -2, 258)))]")
    assert bytes(little) == np.array([1, -2, 258], "<i2").tobytes()


@pytest.mark.browser
def test_the_level_of_a_full_sine_is_minus_three_decibels(run):
    sine = np.sin(2 * np.pi * np.arange(1000) / 100)
    level = run("pcm.js", "m.level(Float32Array.from(given))", sine.tolist())
    assert level["decibels"] == pytest.approx(-3.0103, abs=1e-3)
    assert level["peak"] == pytest.approx(1)
    assert run("pcm.js", "m.level(new Float32Array(8))")["decibels"] == pytest.approx(-100)


@pytest.mark.browser
def test_the_csv_of_the_page_has_the_columns_and_numbers_of_the_package(run):
    found = pv.timeline(CLIPS / "neutral_1.flac", model="default")
    told = document(found) | {"file": 'a "clip", with\ncommas.wav'}
    rows = list(csv.DictReader(io.StringIO(run("csv.js", "m.csv(given)", told))))
    expected = list(csv.DictReader(io.StringIO(csv_text(found.segments, found.labels))))
    assert len(rows) == len(expected) > 0
    for row, other in zip(rows, expected, strict=True):
        assert list(row) == list(other)
        assert row.pop("file") == told["file"]
        for name, value in row.items():
            number = re.fullmatch(r"[\d.e-]+", value)
            assert (float(value) == float(other[name])) if number else (value == other[name]), name


@pytest.mark.browser
def test_dimensions_are_columns_of_the_csv(run):
    segment = {"start": 0, "end": 1, "emotion": "anger", "confidence": 1, "probabilities": {"anger": 1}}
    told = {
        "file": "a",
        "labels": ["anger"],
        "segments": [segment | {"uncertain": True, "dimensions": {"arousal": 2.5}}],
    }
    head, row = run("csv.js", "m.csv(given)", told).splitlines()
    assert head == "file,start,end,emotion,confidence,anger,warnings,error,uncertain,arousal"
    assert row == "a,0,1,anger,1,1,,,true,2.5"


def drawn(run, text):
    return run(
        "markdown.js",
        "(() => { const b = document.createElement('div'); b.append(m.markdown(given)); return b.innerHTML })()",
        text,
    )


@pytest.mark.browser
def test_markdown_becomes_headings_lists_tables_and_code(run):
    text = (
        "---\ntitle: x\n---\n# One\n\nSome **bold `code`** words\nand more.\n\n- a\n  b\n- [site](https://a.b/c)\n\n"
        "1. first\n2. second\n\n| name | n |\n|---|---:|\n| x | 1 |\n\n## Two\n```\na  <b>\n\n# no heading\n```\nend"
    )
    assert drawn(run, text) == (
        "<h3>One</h3><p>Some <strong>bold `code`</strong> words and more.</p>"
        "<ul><li>a b</li><li>site (https://a.b/c)</li></ul><ol><li>first</li><li>second</li></ol>"
        '<div class="scroll" tabindex="0" role="group" aria-label="name, n"><table>'
        '<thead><tr><th class="text">name</th><th class="">n</th></tr></thead>'
        '<tbody><tr><td class="text">x</td><td class="">1</td></tr></tbody></table></div>'
        '<h4>Two</h4><pre tabindex="0"><code>a  &lt;b&gt;\n\n# no heading</code></pre><p>end</p>'
    ).replace("bold `code`", "bold <code>code</code>")


@pytest.mark.browser
def test_nothing_in_a_model_card_becomes_html(run):
    evil = (
        "<script>window.bad = 1</script>\n\n# <img src=x onerror=alert(1)>\n\n- [x](javascript:alert(1))\n\n"
        "| <b>a</b> |\n|---|\n| ![p](http://other.example/p.png) |\n\n`<i>`"
    )
    html = drawn(run, evil)
    assert re.findall(r"<(script|img|a|b|i)\b", html) == []
    assert "&lt;script&gt;" in html
    assert "x (javascript:alert(1))" in html


@pytest.mark.browser
def test_an_odd_card_ends(run):
    for text in ("", "```", "|", "- ", "# ", "| a\n| b | c", "**a", "[a](", "---\nno end", "#no heading\n  indented"):
        assert isinstance(drawn(run, text), str)
    assert "no end" in drawn(run, "---\nno end")


@pytest.mark.browser
def test_times_are_told_as_the_recording_is_long(run):
    told = run("time.js", "[m.clock(12.54, 60), m.clock(125, 300), m.clock(59.9999999, 130), m.clock(3725, 7300)]")
    assert told == ["12.5", "2:05", "1:00", "1:02:05"]
    assert run("time.js", "m.timeMarks(0, 3.78, 8).map((one) => one.text)") == [
        "0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0", "3.5"
    ]  # fmt: skip
    assert run("time.js", "m.timeMarks(30, 90, 10).map((one) => one.at)") == [30, 40, 50, 60, 70, 80, 90]
    for seconds in (0.4, 3, 61, 3600, 36_000):
        for most in (2, 5, 16):
            assert len(run("time.js", "m.timeMarks(0, given[0], given[1])", [seconds, most])) <= most + 1


@pytest.mark.browser
def test_a_window_speaks_for_what_is_nearest_to_its_middle(run):
    windows = [{"start": start, "end": start + 3, "probabilities": {}} for start in (0, 1, 2, 10)]
    spans = run("timeline.js", "m.cells(given, 1).map((one) => [one.start, one.end])", windows)
    assert spans == [[0, 2], [2, 3], [3, 4], [11, 13]]
    assert run("timeline.js", "m.cells([], 1)") == []


@pytest.mark.browser
def test_ink_stands_out_on_every_emotion(run):
    colours = run("palette.js", "m.EMOTION_COLOURS")
    inks = run("palette.js", "Object.values(m.EMOTION_COLOURS).map(m.inkOn)")
    assert min(contrast(ink, colour) for ink, colour in zip(inks, colours.values(), strict=True)) >= 4.5
    assert colours == COLOURS
    greys = run("palette.js", "m.coloursOf(['anger', 'awe', 'hope', 'pride'])")
    assert greys == {"anger": COLOURS["anger"], "awe": "#595959", "hope": "#939393", "pride": "#cccccc"}


@pytest.mark.browser
def test_the_warnings_of_the_package_are_known_to_both_languages(run):
    voice, rate = soundfile.read(CLIPS / "angry_1.flac", dtype="float32")
    low = np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000).astype(np.float32)
    from paraverbal.inference.warn import signal_warnings

    sentences = [
        *signal_warnings(voice[:4000], rate),
        *signal_warnings(np.zeros(rate, np.float32), rate),
        *signal_warnings(np.clip(9 * voice, -1, 1), rate),
        *signal_warnings(0.5 * low, rate),
    ]
    assert {sentence.partition(":")[0] for sentence in sentences} == {"short", "silence", "clipping", "narrow band"}
    for sentence in sentences:
        english = run("warnings.js", "m.warningWords(given)", sentence)
        assert english["isKnown"]
        assert "undefined" not in english["words"]
        numbers = re.findall(r"\d+(?:\.\d+)?", sentence)
        assert set(re.findall(r"\d+(?:\.\d+)?", english["words"])) <= {*numbers, "4", "16"}
    for sentence in (
        "no text: judged by audio alone, where the model takes both",
        "text: the model knows none of its tokens, so nothing was read of it",
        "text: 900 tokens, of which the model reads the first 512",
        "no speech was found, so there is no emotion to tell; --speech all judges every window",
    ):
        assert run("warnings.js", "m.warningWords(given).isKnown", sentence)
    assert run("warnings.js", "m.warningWords('something new')") == {"words": "something new", "isKnown": False}


def luminance(colour):
    values = np.array([int(colour[first : first + 2], 16) for first in (1, 3, 5)]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_controls_stand_out(theme):
    pairs = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\)", STYLE))
    colour = {name: values.split(", ")[theme] for name, values in pairs.items()}
    for ink, ground in (
        *((ink, ground) for ink in ("ink", "muted", "accent", "bad") for ground in ("page", "surface", "track")),
        ("on-accent", "accent"), ("warn-ink", "warn-page"), ("ink", "bad-page"), ("bad", "bad-page"),
    ):  # fmt: skip
        assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
    for part in ("edge", "fill", "accent", "wave"):  # of controls and pictures (WCAG 2.2, 1.4.11)
        assert contrast(colour[part], colour["surface"]) >= 3, part


def dictionary(name):
    return dict(re.findall(r'^  "([\w.]+)": "(.*)",$', SCRIPTS[name], flags=re.MULTILINE))


def test_both_languages_say_the_same():
    english, chinese = dictionary("words_en.js"), dictionary("words_zh.js")
    assert list(english) == list(chinese)
    assert len(english) == SCRIPTS["words_en.js"].count('": "')
    for key, words in english.items():
        assert sorted(re.findall(r"\{\w+\}", words)) == sorted(re.findall(r"\{\w+\}", chinese[key])), key
        assert words
        assert chinese[key]


def test_every_emotion_has_a_name_in_both_languages():
    for name in ("words_en.js", "words_zh.js"):
        known = dictionary(name)
        assert [one for one in EMOTIONS if f"emotion.{one}" not in known] == []
        assert [one for one in DIMENSIONS if f"dimension.{one}" not in known] == []


def test_every_word_that_is_asked_for_is_there_and_none_is_left_over():
    asked = set(re.findall(r'data-(?:words|label)="([\w.]+)"', HTML))
    code = "\n".join(text for name, text in SCRIPTS.items() if not name.startswith("words_"))
    known = set(dictionary("words_en.js"))
    assert asked <= known
    parts = r"(emotion|dimension)\.\w+|fault\.\d+|microphone\.\w+[A-Z]\w+|live\.(busy|refused|lost|unreachable)"
    unused = [key for key in known - asked if f'"{key}"' not in code and not re.fullmatch(parts, key)]
    assert unused == []
    assert set(re.findall(r'say\("([\w.]+)"', code)) <= known


def test_the_page_holds_no_script_style_or_address_of_its_own():
    assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|https?:|//", HTML) == []
    for name, text in SCRIPTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text), name
        assert not re.search(r"https?://", text), name
    assert not re.search(r"@import|url\(", STYLE)


def test_every_module_is_short_and_says_what_it_is_for():
    for name, text in SCRIPTS.items():
        assert text.startswith("/*"), name
        assert len(text.splitlines()) <= 210, name
        assert max(map(len, text.splitlines())) <= 130 or name.startswith("words_"), name
    assert json.dumps(sorted(SCRIPTS)).count("util") == 0
