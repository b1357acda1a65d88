"""Models behind HTTP: recordings, timelines and live streams over the network, and the page that uses them."""

from paraverbal.service.app import create_app
from paraverbal.service.limits import Limits

__all__ = ["Limits", "create_app"]
