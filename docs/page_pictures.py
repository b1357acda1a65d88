"""Draw the service's page as a visitor sees it: `page-400.png` (Chinese, dark) and `page-1400.png` (English, light)."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
CLIPS = HERE.parent / "examples" / "clips"
TALK = ("angry_1", "fearful_1", "sad_1")  # one after the other, so that there is something to follow over time
PAUSE_SECONDS = 0.6
CHROMIUM = "/usr/bin/chromium"
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
PICTURES = {400: ("zh-CN", "dark"), 1400: ("en-GB", "light")}  # width in pixels -> language, colours
COLOURS = 256  # of the PNG files: all that can be told apart, in a third of the bytes
START_SECONDS = 30.0


def main() -> None:
    """Start the service, open its page at each width, write the pictures."""
    with tempfile.TemporaryDirectory() as folder, serving() as address, sync_playwright() as playwright:
        talk = Path(folder) / "talk.wav"
        write_talk(talk)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for width, (locale, scheme) in PICTURES.items():
            picture(browser, address, talk, width, locale, scheme)
        browser.close()


def picture(browser: Browser, address: str, talk: Path, width: int, locale: str, scheme: str) -> None:
    """Write the page with a recording on it; the cursor stands in the middle."""
    context = browser.new_context(viewport={"width": width, "height": 900}, locale=locale)
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(address)
    page.set_input_files("#file", talk)
    page.locator("#time").wait_for()
    page.locator("#play:enabled").wait_for()
    page.locator("#seek").fill("4")
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(1500)  # until the last columns are drawn
    file = HERE / f"page-{width}.png"
    page.screenshot(path=file, full_page=True)
    with Image.open(file) as taken:
        few = taken.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    context.close()


def write_talk(file: Path) -> None:
    """Write example clips one after the other."""
    parts = []
    for name in TALK:
        voice, rate = soundfile.read(CLIPS / f"{name}.flac", dtype="float32")
        parts += [voice, np.zeros(round(PAUSE_SECONDS * rate), np.float32)]
    soundfile.write(file, np.concatenate(parts), rate)


@contextmanager
def serving() -> Iterator[str]:
    """Yield the address of a service at a free port.

    Raises:
        SystemExit: It does not come up.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "paraverbal", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + START_SECONDS
        while not answers(f"{address}readyz"):
            if time.monotonic() > end or process.poll() is not None:
                raise SystemExit("the service did not start; try: paraverbal serve")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def answers(address: str) -> bool:
    """Tell whether there is an answer at an address."""
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.URLError:
        return False


if __name__ == "__main__":
    main()
