"""The page with a microphone: recording, live mode, and what is said where there is none."""

import csv
import io
import re

import numpy as np
import pytest
import soundfile
import soxr
from tests.service.page.conftest import CLIPS, PLAIN_HOST, TOKEN

api = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install playwright")
expect = api.expect
expect.set_options(timeout=20_000)

pytestmark = pytest.mark.browser

# Keeps what is asked of the browser, what it then says that it does, and what is sent.
SPY = """
{
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.asked = [];
window.done = [];
navigator.mediaDevices.getUserMedia = async (constraints) => {
  window.asked.push(constraints.audio);
  const media = await open(constraints);
  window.done.push(media.getAudioTracks()[0].getSettings());
  return media;
};
const append = FormData.prototype.append;
FormData.prototype.append = function (name, file, ...more) {
  window.sent = file;
  return append.call(this, name, file, ...more);
};
}
void 0;
"""

SWITCHES = ("noiseSuppression", "echoCancellation", "autoGainControl")


def compared(heard, rate, file):
    """Return how like a recording is to a file that is played again and again: greatest correlation, and gain there."""
    voice, own_rate = soundfile.read(file, dtype="float32")
    heard = soxr.resample(heard, rate, own_rate)[: len(voice)].astype(float)
    voice = np.tile(voice, 2).astype(float)
    size = 2 ** int(np.ceil(np.log2(len(voice) + len(heard))))
    products = np.fft.irfft(np.fft.rfft(voice, size) * np.conj(np.fft.rfft(heard, size)))[: len(voice) - len(heard) + 1]
    sums = np.cumsum(np.concatenate([[0], voice**2]))
    power = sums[len(heard) :] - sums[: len(sums) - len(heard)]
    correlation = products / np.sqrt(power * np.sum(heard**2))
    best = int(np.argmax(correlation))
    return correlation[best], products[best] / power[best]


def test_what_is_recorded_is_what_the_microphone_heard(page, spoken):
    page.evaluate(SPY)
    page.get_by_role("tab", name="Record").click()
    page.get_by_role("button", name="Start recording").click()
    expect(page.locator("#record-time")).to_have_text(re.compile(r"^[2-9]\.\d s recorded"))
    assert page.get_by_role("meter").get_attribute("aria-valuenow") is not None
    expect(page.get_by_role("tab", name="File")).to_be_disabled()
    page.get_by_role("button", name="Stop and send").click()
    expect(page.locator("#time")).to_be_visible()
    expect(page.locator("#result-by")).to_contain_text(re.compile(r"^recording \d{4}-\d\d-\d\d \d\d-\d\d-\d\d\.wav"))
    expect(page.get_by_role("tab", name="File")).to_be_enabled()

    sent = bytes(page.evaluate("async () => [...new Uint8Array(await window.sent.arrayBuffer())]"))
    heard, rate = soundfile.read(io.BytesIO(sent), dtype="float32")
    assert rate == page.evaluate("new AudioContext().sampleRate")
    assert len(heard) / rate > 2
    correlation, gain = compared(heard, rate, spoken)
    assert correlation > 0.97
    assert gain == pytest.approx(1, abs=0.03)
    assert compared(heard, rate, CLIPS / "happy_1.flac")[0] < 0.3
    (asked,) = page.evaluate("window.asked")
    assert {name: asked[name] for name in SWITCHES} == dict.fromkeys(SWITCHES, False)
    (done,) = page.evaluate("window.done")
    assert {name: done[name] for name in SWITCHES} == dict.fromkeys(SWITCHES, False)
    expect(page.locator("#microphone-note")).to_be_hidden()


def test_a_browser_that_refuses_to_leave_the_sound_alone_is_told_of(page):
    page.evaluate(
        "void (MediaStreamTrack.prototype.getSettings = () => ({ noiseSuppression: true, echoCancellation: false }))"
    )
    page.get_by_role("tab", name="Record").click()
    page.get_by_role("button", name="Start recording").click()
    note = page.locator("#microphone-note")
    expect(note).to_contain_text("The browser keeps noise suppression switched on.")
    expect(note).to_contain_text("does not say whether it switched gain control off")
    page.locator("#language").select_option("中文")
    expect(note).to_contain_text("浏览器没有关闭降噪。")
    expect(page.locator("#tab-file")).to_be_disabled()


def test_live_mode_tells_the_emotion_while_somebody_speaks(page):
    page.get_by_role("tab", name="Live").click()
    with page.expect_websocket() as opened:
        page.get_by_role("button", name="Start listening").click()
    rate = re.search(r"rate=(\d+)", opened.value.url).group(1)
    expect(page.locator("#live-status")).to_contain_text(
        f"Listening at {rate} Hz. The first answer comes after about 3 s."
    )
    page.locator("summary").filter(has_text="Answers as a table").click()
    expect(page.locator("#live-table tbody tr")).to_have_count(2)
    emotion = page.locator("#live-emotion").inner_text().lower().rstrip("?")
    assert emotion in page.locator("#live-legend").inner_text()
    expect(page.locator("#announcement")).to_contain_text(re.compile(r"\d+ %"))
    picture = np.array(page.evaluate("[...document.querySelector('#live-picture').getContext('2d')"
                                     ".getImageData(0, 0, 500, 100).data]")).reshape(-1, 4)  # fmt: skip
    assert len(np.unique(picture, axis=0)) > 10
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#live-status")).to_have_text(re.compile(r"Ended after \d+ answers\."))
    expect(page.get_by_role("button", name="Start listening")).to_be_visible()

    answers = page.locator("#live-table tbody tr").count()
    with page.expect_download() as download:
        page.locator("#live-csv").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert len(rows) == answers >= 2
    assert [float(row["start"]) for row in rows][:2] == [0, 1]
    shares = [float(rows[0][label]) for label in ("anger", "fear", "sadness")]
    assert all(0 <= share <= 1 for share in shares)


def test_a_connection_that_is_lost_can_be_made_again(visit, mortal_service):
    process, address = mortal_service
    page = visit(address)
    page.watch.may_be_gone = True
    page.get_by_role("tab", name="Live").click()
    page.get_by_role("button", name="Start listening").click()
    expect(page.locator("#live-status")).to_contain_text("Listening")
    process.kill()
    process.wait()
    expect(page.locator("#live-status")).to_have_text("The connection to the service was lost.")
    again = page.get_by_role("button", name="Connect again")
    expect(again).to_be_enabled()
    again.click()
    expect(page.locator("#microphone-note")).to_contain_text("the service cannot be reached")
    expect(again).to_be_enabled()


def test_a_service_that_is_busy_says_so_and_takes_the_next(visit, strict_service):
    pages = [visit(strict_service) for _ in range(2)]
    for page in pages:
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Use it").click()
        expect(page.locator("#model option")).to_have_count(1)
        page.get_by_role("tab", name="Live").click()
    first, second = pages
    first.get_by_role("button", name="Start listening").click()
    expect(first.locator("#live-status")).to_contain_text("Listening")
    second.get_by_role("button", name="Start listening").click()
    expect(second.locator("#live-status")).to_contain_text("The service is busy: it listens to as many as it can.")
    first.get_by_role("button", name="Stop").click()
    expect(first.locator("#live-status")).to_contain_text("Ended after")
    second.get_by_role("button", name="Connect again").click()
    expect(second.locator("#live-status")).to_contain_text("Listening")


def test_a_stream_that_is_refused_is_told_with_the_reason(page):
    page.route_web_socket(
        re.compile("v1/stream"),
        lambda socket: (
            socket.send('{"type": "error", "title": "Wrong rate", "detail": "rate must be lower"}'),
            socket.close(code=1008),
        ),
    )
    page.get_by_role("tab", name="Live").click()
    page.get_by_role("button", name="Start listening").click()
    expect(page.locator("#live-status")).to_have_text(
        "The service ended the connection. The service says: rate must be lower"
    )


def test_live_mode_can_be_stopped_at_any_moment(page):
    silent = []

    def hold(socket):  # takes everything and says nothing
        silent.append(socket)

    page.route_web_socket(re.compile("v1/stream"), hold)
    page.get_by_role("tab", name="Live").click()
    button = page.locator("#live")
    button.click()
    expect(page.locator("#live-status")).to_have_text("Connecting …")
    button.click()
    expect(page.locator("#live-status")).to_have_text("Waiting for the last answers …")
    button.click()
    expect(page.locator("#live-status")).to_have_text("Ended after 0 answers.")
    expect(button).to_have_text("Start listening")
    expect(page.get_by_role("tab", name="File")).to_be_enabled()
    assert len(silent) == 1


def press_record(page):
    page.get_by_role("tab", name="Record").click()
    page.get_by_role("button", name="Start recording").click()
    return page.locator("#microphone-note")


def test_a_microphone_that_is_refused_is_told_with_what_to_do(visit, launch, service):
    shy = launch("--use-fake-device-for-media-stream")  # asks; headless, nobody answers but with no
    page = visit(service, browser=shy, permissions=["clipboard-read"])
    note = press_record(page)
    expect(note).to_contain_text("The microphone was refused. Allow it for this page")
    expect(page.get_by_role("button", name="Start recording")).to_be_enabled()
    page.get_by_role("tab", name="Live").click()
    page.get_by_role("button", name="Start listening").click()
    expect(note).to_contain_text("The microphone was refused.")
    expect(page.locator("#live-status")).to_be_empty()
    page.locator("#language").select_option("中文")
    expect(note).to_contain_text("麦克风被拒绝")


def test_a_machine_without_a_microphone_is_told_of(page):
    page.evaluate(
        "void (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError'); })"
    )
    expect(press_record(page)).to_contain_text("No microphone was found.")
    page.evaluate(
        "void (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('odd', 'OddError'); })"
    )
    expect(press_record(page)).to_contain_text("The microphone cannot be used: odd.")


def test_a_page_that_is_no_secure_context_says_why_there_is_no_microphone(visit, launch, service):
    plain = launch(f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1")
    page = visit(service.replace("127.0.0.1", PLAIN_HOST), browser=plain)
    assert page.evaluate("window.isSecureContext") is False
    expect(press_record(page)).to_contain_text(f"This page came over plain http from {PLAIN_HOST}")
