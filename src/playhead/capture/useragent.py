"""Browser, operating system and kind of device from a User-Agent header, by the names `mixpanel-browser` uses.

The order of the tables matters: most browsers also name the ones they descend from.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

_BROWSERS = (
    ("Microsoft Edge", re.compile(r"Edg(?:e|A|iOS)?/")),
    ("Opera Mini", re.compile(r"Opera Mini")),
    ("Opera", re.compile(r"OPR/|Opera|OPiOS/")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/")),
    ("UC Browser", re.compile(r"UCBrowser|UCWEB")),
    ("Whale Browser", re.compile(r"Whale/")),
    ("Yandex", re.compile(r"YaBrowser/")),
    ("Facebook Mobile", re.compile(r"FBAN|FBAV|FBIOS")),
    ("Internet Explorer", re.compile(r"MSIE |Trident/")),
    ("Chrome iOS", re.compile(r"CriOS/")),
    ("Firefox iOS", re.compile(r"FxiOS/")),
    ("Firefox", re.compile(r"Firefox/")),
    ("Chrome", re.compile(r"Chrome/|Chromium/|HeadlessChrome/")),
    ("Android Mobile", re.compile(r"Android.*Version/.*Safari/")),
    ("Mobile Safari", re.compile(r"(?:iPhone|iPad|iPod|Mobile/).*Safari/")),
    ("Safari", re.compile(r"Safari/")),
)
_SYSTEMS = (
    ("Windows Phone", re.compile(r"Windows Phone")),
    ("Windows", re.compile(r"Windows")),
    ("iOS", re.compile(r"iPhone|iPad|iPod")),
    ("Android", re.compile(r"Android")),
    ("Chrome OS", re.compile(r"CrOS")),
    ("Mac OS X", re.compile(r"Mac OS X|Macintosh")),
    ("Linux", re.compile(r"Linux|X11")),
)
_TABLET = re.compile(r"iPad|Tablet|PlayBook|Silk(?!.*Mobile)|Android(?!.*Mobile)")
_PHONE = re.compile(r"iPhone|iPod|Mobile|Windows Phone|Opera Mini|BlackBerry")


_MODELS = (
    ("Windows Phone", re.compile(r"Windows Phone|WPDesktop")),
    ("iPad", re.compile(r"iPad")),
    ("iPod Touch", re.compile(r"iPod")),
    ("iPhone", re.compile(r"iPhone")),
    ("BlackBerry", re.compile(r"BlackBerry|PlayBook|BB10")),
    ("Android", re.compile(r"Android")),
)
# Where a browser's version stands, when not behind what names it.
_VERSION = re.compile(r"/(\d+(?:\.\d+)?)")
_VERSIONS = {
    "Opera Mini": re.compile(r"Opera Mini/(\d+(?:\.\d+)?)"),
    "Opera": re.compile(r"(?:OPR|Opera|OPiOS)[/ ](\d+(?:\.\d+)?)"),
    "UC Browser": re.compile(r"(?:UCBrowser|UCWEB)/?(\d+(?:\.\d+)?)"),
    "Facebook Mobile": re.compile(r"FBAV/(\d+(?:\.\d+)?)"),
    "Internet Explorer": re.compile(r"(?:MSIE |rv:)(\d+(?:\.\d+)?)"),
    "Android Mobile": re.compile(r"Android (\d+(?:\.\d+)?)"),
    "Mobile Safari": re.compile(r"Version/(\d+(?:\.\d+)?)"),
    "Safari": re.compile(r"Version/(\d+(?:\.\d+)?)"),
}


class Agent(NamedTuple):
    """Empty strings where the header says nothing. `model` is what `mixpanel-browser` calls `$device`."""

    browser: str
    os: str
    device: Literal["", "Desktop", "Phone", "Tablet"]
    model: str = ""
    version: float | None = None


# Who sent no header, or whose header is not about the person.
NOBODY = Agent("", "", "")


@lru_cache(maxsize=4_096)
def read_user_agent(header: str) -> Agent:
    """What a User-Agent header tells. An iPad that poses as a Mac is a Mac."""
    header = header[:1_000]
    browser, version = _browser(header)
    system = next((name for name, pattern in _SYSTEMS if pattern.search(header)), "")
    model = next((name for name, pattern in _MODELS if pattern.search(header)), "")
    if _TABLET.search(header):
        return Agent(browser, system, "Tablet", model, version)
    if _PHONE.search(header):
        return Agent(browser, system, "Phone", model, version)
    return Agent(browser, system, "Desktop" if system else "", model, version)


def _browser(header: str) -> tuple[str, float | None]:
    for name, pattern in _BROWSERS:
        if (found := pattern.search(header)) is not None:
            stands = _VERSIONS.get(name)
            number = stands.search(header) if stands else _VERSION.search(header, max(found.end() - 1, 0))
            return name, float(number[1]) if number else None
    return "", None
