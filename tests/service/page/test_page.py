"""The page as a visitor uses it: a file, the picture, languages, colours, the keyboard, downloads, faults."""

import csv
import io
import itertools
import json
import re

import numpy as np
import pytest
from PIL import Image
from tests.service.page.conftest import CLIPS, TOKEN

import paraverbal as pv
from paraverbal.audio.read import read
from paraverbal.inference.timeline_formats import document
from paraverbal.service.pages import POLICY

api = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install playwright")
expect = api.expect
expect.set_options(timeout=20_000)

pytestmark = pytest.mark.browser

CLIP = CLIPS / "sad_1.flac"

# What reaches beyond the window, but for what scrolls by itself.
BEYOND = """
[...document.querySelectorAll("main *")]
  .filter((one) => !one.closest(".scroll, pre, .unseen") && one.getBoundingClientRect().right > innerWidth)
  .map((one) => one.id || one.className)
"""

# Keeps the fields of the forms that are sent.
KEEP_FIELDS = """
window.fields = [];
const append = FormData.prototype.append;
FormData.prototype.append = function (name, value, ...more) {
  window.fields.push(typeof value === "string" ? `${name}: ${value}` : name);
  return append.call(this, name, value, ...more);
};
void 0;
"""

# Whether the picture has changed since `seen` began, and changes no more.
DRAWN = """
() => {
  const now = document.querySelector("#picture").toDataURL();
  const isDone = now !== window.seen[0] && now === window.seen.at(-1);
  window.seen.push(now);
  return isDone;
}
"""


def told(answer):
    """What the page says, in English, of a prediction or a segment."""
    words = f"{answer.emotion}, {100 * answer.confidence:.0f} %"
    return f"uncertain, perhaps {words}" if answer.uncertain else words


def heard(timeline, seconds):
    """The segment at a moment."""
    return next(one for one in timeline.segments if one.start <= seconds < one.end)


def choose(page, file=CLIP):
    """Give the page a recording and wait for its timeline."""
    page.set_input_files("#file", file)
    expect(page.locator("#time")).to_be_visible()
    expect(page.locator("#progress")).to_be_hidden()


def explain_quickly(page):
    """Ask what speaks for fear, and answer in the place of the service, which takes seconds for it."""
    spans = {"seconds": [[0, 2], [2, 3.78]], "bands": [[0, 1000], [1000, 8000]], "values": [[0.5, -0.2], [0, 0.1]]}
    answer = {
        "model": "default",
        "emotion": "fear",
        "probability": 0.1,
        "per_time": [0.5, -0.1],
        "per_band": [0.3, 0.1],
    }
    page.route("**/v1/saliency*", lambda route: route.fulfill(json=answer | spans))
    page.get_by_label("Show what speaks for").select_option("fear")
    expect(page.locator("#saliency-details")).to_be_visible()


def open_details(page, words):
    page.locator("summary").filter(has_text=words).click()


def sideways(page):
    """Return by how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def pixels(page, selector="#picture"):
    """Return what a canvas shows, `[row, column, channel]`."""
    return np.asarray(Image.open(io.BytesIO(page.locator(selector).screenshot())).convert("RGB")).astype(int)


def test_a_clip_is_judged_as_the_package_judges_it(page):
    choose(page)
    expected = pv.predict(CLIP, model="default")
    found = document(pv.timeline(CLIP, model="default"))
    expect(page.locator("#result-emotion")).to_have_text(expected.emotion + "?" * expected.uncertain)
    expect(page.locator("#result-sure")).to_contain_text(f"{100 * expected.confidence:.0f} %")
    rows = page.locator("#result-probabilities tbody tr").all_inner_texts()
    shown = {row.split("\t")[0]: row.split("\t")[1] for row in rows}
    assert shown == {label: f"{100 * share:.0f} %" for label, share in expected.probabilities.items()}
    segments = page.locator("#segments tbody tr")
    assert segments.count() == len(found["segments"]) > 0
    open_details(page, "Emotions as a table")
    expect(segments.first).to_contain_text(found["segments"][0]["emotion"])
    expect(page.locator("#announcement")).to_have_text(re.compile(f"^Result: {told(expected)}"))


def test_an_uncertain_answer_is_told_as_none(page):
    prediction = {"file": "sad_1.flac", "emotion": "fear", "confidence": 0.35, "uncertain": True, "warnings": []}
    prediction |= {"probabilities": {"fear": 0.35, "calm": 0.33, "anger": 0.32}}
    answer = {"model": "default", "duration_seconds": 3.78, "prediction": prediction}
    page.route("**/v1/predict*", lambda route: route.fulfill(json=answer))
    choose(page)
    expect(page.locator("#result-emotion")).to_have_text("fear?")
    expect(page.locator("#result-uncertain")).to_contain_text("better take this as no answer")
    expect(page.locator("#announcement")).to_have_text(re.compile("^Result: uncertain, perhaps fear, 35 %"))


@pytest.mark.corpus
def test_a_recording_of_ravdess_is_judged(page, corpora):
    file = sorted((corpora / "ravdess").rglob("03-01-05-*.*"))[0]
    choose(page, file)
    expected = pv.predict(file, model="default")
    expect(page.locator("#result-emotion")).to_have_text(re.compile(rf"^{expected.emotion}\??$"))
    expect(page.locator("#result-by")).to_contain_text(file.name)
    expect(page.locator("#play")).to_be_enabled()


def test_a_file_can_be_dropped_anywhere(page):
    data = CLIP.read_bytes().hex()
    page.evaluate(
        """(hex) => {
          const bytes = Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([bytes], "dropped.flac"));
          dataTransfer.items.add(new File([bytes], "other.flac"));
          document.querySelector("footer").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
        }""",
        data,
    )
    expect(page.locator("#result-by")).to_contain_text("dropped.flac")
    expect(page.locator("#file-note")).to_contain_text("Several files were given")
    expect(page.locator("#time")).to_be_visible()


def test_the_picture_shows_sound_and_silence(page, tmp_path):
    import soundfile

    voice, rate = soundfile.read(CLIP)
    file = tmp_path / "half.wav"
    soundfile.write(file, np.concatenate([voice, np.zeros_like(voice)]), rate)
    choose(page, file)
    page.wait_for_timeout(500)
    image = pixels(page)
    surface = image[2, -1]
    left, right = 80, image.shape[1] - 12
    middle = (left + right) // 2
    wave, spectrum = image[26:100], image[140:340]
    for panel in (wave, spectrum):
        drawn = np.abs(panel - surface).sum(axis=2) > 60
        assert drawn[:, left : middle - 10].mean() > 0.1
        # what is left in silence: the line in the middle of the waveform
        assert drawn[:, middle + 10 : right].mean() < 0.03


def test_seeking_moves_cursor_slider_and_words(page):
    choose(page)
    box = page.locator("#panels").bounding_box()
    page.locator("#panels").click(position={"x": 76 + (box["width"] - 76 - 12) / 2, "y": 200})
    middle = 3.782 / 2
    assert page.locator("#seek").evaluate("(one) => Number(one.value)") == pytest.approx(middle, abs=0.02)
    words = told(heard(pv.timeline(CLIP, model="default"), middle))
    expect(page.locator("#now")).to_have_text(re.compile(rf"^1\.8\d of 3\.78: {words}"))
    cursor = page.locator("#cursor").bounding_box()
    assert cursor["x"] + 1 == pytest.approx(box["x"] + 76 + (box["width"] - 88) / 2, abs=1.5)
    page.get_by_role("slider").press("Home")
    expect(page.locator("#now")).to_have_text("0.00 of 3.78: no speech")


def test_playing_moves_the_cursor_and_ends(page):
    choose(page)
    page.get_by_role("slider").press("End")
    page.get_by_role("slider").press("PageDown")
    page.get_by_role("slider").press("PageDown")
    start = page.locator("#audio").evaluate("(one) => one.currentTime")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert page.locator("#audio").evaluate("(one) => one.currentTime") > start + 0.5


def test_what_decided_is_drawn_and_told(page):
    choose(page)
    before = pixels(page)
    page.get_by_label("Show what speaks for").select_option("sadness")
    expect(page.locator("#saliency-answer")).to_contain_text(
        re.compile(r"What counted most for sadness: .* to .* s, .* Hz")
    )
    waveform, rate = read(CLIP)
    expected = pv.saliency(pv.load_model("default"), waveform, "sadness", sampling_rate=rate).to_dict()
    open_details(page, "What decided, as a table")
    rows = page.locator("#saliency-bands tbody tr").all_inner_texts()
    assert len(rows) == len(expected["bands"])
    weights = np.array([float(row.split("\t")[1].replace("−", "-")) for row in rows])
    per_band = np.array(expected["per_band"])
    np.testing.assert_allclose(weights, 100 * per_band / np.abs(per_band).max(), atol=0.51)
    colours = pixels(page).reshape(-1, 3)
    orange = (colours[:, 0] - colours[:, 2] > 60).sum()
    assert orange > (before.reshape(-1, 3)[:, 0] - before.reshape(-1, 3)[:, 2] > 60).sum() + 500
    page.get_by_label("Show what speaks for").select_option("")
    expect(page.locator("#saliency-answer")).to_be_empty()


def test_language_and_colours_are_chosen_and_kept(page):
    choose(page)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#language").select_option("中文")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("#result-emotion")).to_have_text(re.compile(r"^[一-龥]+\??$"))
    expect(page.locator("#legend")).to_contain_text(page.locator("#result-emotion").inner_text().strip("?"))
    expect(page.locator("#now")).to_contain_text("没有语音")
    page.locator("#theme").select_option("深色")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert pixels(page)[2, -1].sum() < 150
    page.reload()
    expect(page.get_by_role("tab", selected=True)).to_have_text("文件")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("Object.keys(localStorage).sort()") == ["paraverbal.language", "paraverbal.theme"]


def test_a_chinese_browser_finds_a_chinese_page_and_a_dark_system_a_dark_one(visit, service):
    page = visit(service, locale="zh-CN", color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.get_by_role("heading", name="录音")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 19, 24)"


def test_nothing_is_wider_than_the_window(page):
    choose(page)
    explain_quickly(page)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for width, language, name in itertools.product((360, 400, 1400), ("English", "中文"), ("record", "live", "file")):
        page.set_viewport_size({"width": width, "height": 800})
        page.locator("#language").select_option(language)
        page.locator(f"#tab-{name}").click()
        assert sideways(page) <= 0, (width, language, name)
        assert page.evaluate(BEYOND) == [], (width, language, name)


def test_everything_works_by_keyboard_alone(page):
    def tab_to(selector, most=30):
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none" or selector == "#file"
                return
        pytest.fail(f"Tab does not lead to {selector}")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the result")).to_be_focused()
    tab_to("#tab-file")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Record")).to_be_focused()
    expect(page.get_by_role("button", name="Start recording")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Start listening")).to_be_visible()
    page.keyboard.press("Home")
    tab_to("#file")
    assert page.locator("#drop").evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(CLIP)
    expect(page.locator("#time")).to_be_visible()
    tab_to("#seek")
    page.keyboard.press("PageUp")
    expect(page.locator("#now")).to_contain_text("0.38 of 3.78")
    timeline = pv.timeline(CLIP, model="default")
    assert told(heard(timeline, 0.38)) in page.locator("#seek").get_attribute("aria-valuetext")
    tab_to("#play")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Space")
    tab_to("#time summary")
    page.keyboard.press("Enter")
    tab_to("#segments button")
    page.keyboard.press("Enter")
    expect(page.locator("#now")).to_contain_text(f"{timeline.segments[0].start:.2f} of 3.78")
    tab_to("#csv")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "sad_1.csv"


def test_the_focus_stays_in_the_table_when_the_picture_is_done(page):
    held = []

    def hold(route):
        held.append(route)

    page.route("**/outline_worker.js", hold)
    choose(page)
    open_details(page, "Emotions as a table")
    page.locator("#segments button").first.focus()
    page.evaluate("window.seen = [document.querySelector('#picture').toDataURL()]; void 0")
    held[0].continue_()
    page.wait_for_function(DRAWN, polling=500)
    assert page.evaluate("document.activeElement.matches('#segments button')")


def test_everything_that_can_be_reached_has_a_name(page):
    choose(page)
    explain_quickly(page)
    page.evaluate("document.querySelectorAll('#time details').forEach((one) => { one.open = true; })")
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    told = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]
    named = {
        "button",
        "combobox",
        "slider",
        "tab",
        "tablist",
        "tabpanel",
        "img",
        "image",
        "region",
        "table",
        "status",
        "meter",
    }
    assert [role for role, name in told if role in named - {"status"} and not name.strip()] == []
    assert {"banner", "main", "contentinfo", "slider", "tab", "table", "status"} <= {role for role, _ in told}
    assert page.locator("h1").count() == 1


def test_the_result_can_be_kept_as_json_csv_and_png(page):
    choose(page)
    explain_quickly(page)
    files = {}
    for name in ("JSON", "CSV", "PNG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == f"sad_1.{name.lower()}"
        files[name] = download.value.path().read_bytes()

    kept = json.loads(files["JSON"])
    expected = pv.predict(CLIP, model="default")
    assert kept["predict"]["prediction"]["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)
    assert kept["timeline"]["windows"]
    assert kept["saliency"]["emotion"] == "fear"
    rows = list(csv.DictReader(io.StringIO(files["CSV"].decode())))
    assert [row["emotion"] for row in rows] == [one["emotion"] for one in kept["timeline"]["segments"]]
    with Image.open(io.BytesIO(files["PNG"])) as picture:
        assert picture.width == 2400
        assert len(picture.convert("RGB").quantize(64).getcolors()) > 20  # not an empty sheet


def test_warnings_of_the_service_are_told(page, tmp_path):
    import soundfile

    file = tmp_path / "short.wav"
    voice, rate = soundfile.read(CLIP)
    soundfile.write(file, np.clip(20 * voice[rate : rate + 6000], -1, 1), rate)
    page.set_input_files("#file", file)
    warnings = page.locator("#result-warnings")
    expect(warnings).to_contain_text("too little to judge a voice by")
    expect(warnings).to_contain_text("Clipping")
    page.locator("#language").select_option("中文")
    expect(warnings).to_contain_text("不足以判断语音")


def test_a_file_that_is_no_recording_is_told_in_words(page, tmp_path):
    file = tmp_path / "notes.wav"
    file.write_text("these are words, no sound")
    page.set_input_files("#file", file)
    fault = page.get_by_role("alert")
    expect(fault).to_contain_text("The service cannot read this recording.")
    expect(fault).to_contain_text("The service says: the recording cannot be used")
    expect(page.locator("#result")).to_be_hidden()
    page.get_by_role("button", name="Close").click()
    expect(fault).to_be_hidden()
    assert len(page.watch.logged_statuses) == 1


def refuse(page, status, headers=None):
    """Answer the next prediction in the place of the service, with a problem."""
    problem = json.dumps({"type": "about:blank", "title": "Title", "status": status, "detail": "a detail"})
    answer = {"status": status, "headers": headers or {}, "content_type": "application/problem+json", "body": problem}
    page.route("**/v1/predict*", lambda route: route.fulfill(**answer), times=1)
    page.set_input_files("#file", CLIP)
    return page.get_by_role("alert")


def test_faults_that_pass_can_be_tried_again(page):
    for status, headers, words in (
        (429, {"Retry-After": "7"}, "The service is busy. Try again in 7 s."),
        (503, {}, "The service is not ready"),
        (500, {}, "Something in the service is broken"),
    ):
        fault = refuse(page, status, headers)
        expect(fault).to_contain_text(words)
        expect(fault).to_contain_text("The service says: a detail")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#time")).to_be_visible()
        expect(fault).to_be_hidden()


def test_faults_that_stay_are_told_in_words(page):
    for status, words in (
        (415, "This is no kind of file that the service reads"),
        (418, "The service answered with the status 418."),
        (408, "The service waited too long"),
    ):
        expect(refuse(page, status)).to_contain_text(words)
    page.locator("#language").select_option("中文")
    expect(page.get_by_role("alert")).to_contain_text("服务等待文件的时间过长。")
    expect(page.get_by_role("alert").locator("[lang=en]")).to_have_text("a detail")


def test_a_service_that_is_gone_is_told(visit, mortal_service):
    process, address = mortal_service
    page = visit(address)
    page.watch.may_be_gone = True
    expect(page.locator("#model option")).to_have_count(1)
    process.kill()
    process.wait()
    page.set_input_files("#file", CLIP)
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached.")


def test_a_token_is_asked_for_used_and_not_kept(visit, strict_service):
    page = visit(strict_service)
    expect(page.get_by_role("heading", name="This service asks for a token")).to_be_visible()
    expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type("a-wrong-one-of-sixteen")
    page.keyboard.press("Enter")
    expect(page.locator("#fault-words")).to_contain_text("does not know this one")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#model option")).to_have_text("default")
    choose(page, CLIPS / "angry_1.flac")
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]

    page.set_input_files("#file", CLIP)  # 3.78 s; this service takes 3
    expect(page.get_by_role("alert")).to_contain_text("too large or too long for this service")
    expect(page.get_by_role("alert")).to_contain_text("at most 3 s are taken")


def test_an_answer_that_is_waited_for_can_be_cancelled(page):
    page.route("**/v1/predict*", lambda route: None)  # never answered
    page.set_input_files("#file", CLIP)
    expect(page.locator("#progress-words")).to_have_text("Judging sad_1.flac …")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#progress")).to_be_hidden()
    expect(page.get_by_role("alert")).to_be_hidden()
    page.unroute("**/v1/predict*")


def test_a_recording_that_the_browser_cannot_play_is_judged_all_the_same(page, tmp_path):
    import soundfile

    voice, rate = soundfile.read(CLIP)
    file = tmp_path / "clip.au"
    soundfile.write(file, voice, rate, format="AU")
    choose(page, file)
    expect(page.locator("#time-note")).to_contain_text("cannot play the recording")
    expect(page.get_by_role("button", name="Play")).to_be_disabled()
    page.get_by_role("slider").press("PageUp")
    expect(page.locator("#now")).to_contain_text("0.38 of 3.78")


def test_several_models_can_be_chosen_from_and_one_that_reads_is_told_what_is_said(page):
    known = page.request.get(page.url + "v1/models").json()["models"]
    reading = known[0] | {
        "name": "reading",
        "title": "Reads",
        "modalities": ["audio", "text"],
        "default": False,
        "card": "",
    }
    page.route("**/v1/models", lambda route: route.fulfill(json={"models": [*known, reading]}))
    page.reload()
    expect(page.locator("#model option")).to_have_text(["default (default)", "Reads"])
    expect(page.get_by_label("What is said")).to_be_hidden()
    prediction = {
        "file": "sad_1.flac",
        "emotion": "calm",
        "confidence": 0.7,
        "probabilities": {"calm": 0.7, "fear": 0.3},
    }
    prediction |= {"warnings": ["a new one"], "uncertain": False, "dimensions": {"arousal": 3.25}}
    answer = {"model": "reading", "duration_seconds": 1.0, "prediction": prediction}
    page.route("**/v1/predict?model=reading", lambda route: route.fulfill(json=answer))
    page.route("**/v1/timeline?model=reading", lambda route: route.continue_(url=route.request.url.split("?")[0]))
    page.locator("#model").select_option("Reads")
    expect(page.locator("#card-text")).to_contain_text("This model has no card.")
    page.evaluate(KEEP_FIELDS)
    page.get_by_label("What is said").fill("  it rains ")
    choose(page)
    assert page.evaluate("window.fields") == ["file", "text: it rains", "file"]
    expect(page.locator("#result-emotion")).to_have_text("calm")
    expect(page.locator("#result-uncertain")).to_be_hidden()
    expect(page.locator("#result-dimensions")).to_contain_text("arousal\t3.25", use_inner_text=True)
    expect(page.locator("#result-warnings [lang=en]")).to_have_text("a new one")


def test_the_model_card_is_shown(page):
    expect(page.locator("#card-facts")).to_contain_text("16000 Hz")
    open_details(page, "The whole model card")
    expect(page.locator("#card-text")).to_contain_text("Not for decisions about people")
    assert page.locator("#card-text table").count() >= 2


def test_the_page_is_sent_with_its_policy_and_asks_for_no_more(page, service):
    answer = page.request.get(service)
    assert answer.headers["content-security-policy"] == POLICY
    assert "'unsafe" not in POLICY
