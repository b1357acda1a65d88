"""Visits to the page that are strict: nothing wrong may be logged, nobody but the service asked."""

import re
from urllib.parse import urlsplit

# What chromium itself logs when an answer is no 2xx; whether the page then says the right words is what is tested.
STATUS_LOGGED = re.compile(r"Failed to load resource: the server responded with a status of \d+")


class Watch:
    """Listens to what a page logs and whom it asks, and is strict about both."""

    def __init__(self, page):
        self.wrong = []
        self.logged_statuses = []
        self.may_be_gone = False  # the service: chromium logs that it could not be reached
        self.hosts = set()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda request: self.hosts.add(host_of(request.url)))

    def _console(self, message):
        if STATUS_LOGGED.match(message.text):
            self.logged_statuses.append(message.text)
        elif message.type in ("error", "warning") and not (self.may_be_gone and "net::ERR_" in message.text):
            self.wrong.append(message.text)


def host_of(address):
    """Return host and port of an address, also of one of a blob."""
    return urlsplit(address.removeprefix("blob:")).netloc


def open_page(browser, address, **context):
    """Open a page at an address in a context of its own."""
    settings = {"locale": "en-GB", "viewport": {"width": 1400, "height": 900}} | context
    page = browser.new_context(**settings).new_page()
    page.set_default_timeout(20_000)
    page.watch = Watch(page)
    page.goto(address)
    return page


def leave(page):
    """Close a page, and tell what was wrong with it."""
    host = host_of(page.url)
    page.context.close()
    assert not page.watch.wrong, page.watch.wrong
    assert page.watch.hosts <= {host}, page.watch.hosts
