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


class Agent(NamedTuple):
    """Empty strings where the header says nothing."""

    browser: str
    os: str
    device: Literal["", "Desktop", "Phone", "Tablet"]


# Who sent no header, or whose header is not about the person.
NOBODY = Agent("", "", "")


@lru_cache(maxsize=4_096)
def read_user_agent(header: str) -> Agent:
    """What a User-Agent header tells. An iPad that poses as a Mac is a Mac."""
    header = header[:1_000]
    browser = next((name for name, pattern in _BROWSERS if pattern.search(header)), "")
    system = next((name for name, pattern in _SYSTEMS if pattern.search(header)), "")
    if _TABLET.search(header):
        return Agent(browser, system, "Tablet")
    if _PHONE.search(header):
        return Agent(browser, system, "Phone")
    return Agent(browser, system, "Desktop" if system else "")
