"""Where an address is, from the MaxMind file the operator gives (`PLAYHEAD_GEOIP_FILE`). The address is then forgotten.

The file's format: https://maxmind.github.io/MaxMind-DB/ · what is in it: https://dev.maxmind.com/geoip/docs/databases/city-and-country
"""

from __future__ import annotations

import threading
import time
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import maxminddb
import structlog

from playhead.errors import PlayheadError

log = structlog.get_logger(__name__)

# How often the file is looked at for a newer one.
LOOK_SECONDS = 10.0


class Place(NamedTuple):
    """Names in English; empty where the file says nothing."""

    city: str
    region: str
    country_code: str


class Places:
    """The places of one file. Follows the file when another is put in its place; what can't be read changes nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._looked_at = -LOOK_SECONDS
        self._stamp: tuple[int, int, int] | None = None
        self._complained = False
        self._find: Any = lambda address: None

    def find(self, address: str) -> Place | None:
        """None for an address that is none, is nobody's, or is not in the file."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            with self._lock:
                self._look(now)
        found: Place | None = self._find(address)
        return found

    def _look(self, now: float) -> None:
        self._looked_at = now
        try:
            status = self._path.stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            if stamp != self._stamp:
                self._find = lru_cache(maxsize=8_192)(_finder(read_places(self._path)))
                self._stamp = stamp
            self._complained = False
        except (OSError, PlayheadError) as error:
            if not self._complained:
                self._complained = True
                log.warning("geoip_file_unreadable", path=str(self._path), error=str(error))


def read_places(path: Path) -> maxminddb.Reader:
    """Opens the file. Raises `PlayheadError` when it is no MaxMind file."""
    try:
        return maxminddb.open_database(path)
    except (maxminddb.InvalidDatabaseError, ValueError) as error:
        raise PlayheadError(f"{path} is no MaxMind file (PLAYHEAD_GEOIP_FILE): {error}", code="bad_settings") from None
    except OSError as error:
        raise PlayheadError(
            f"{path} can't be read (PLAYHEAD_GEOIP_FILE): {error.strerror or error}", code="bad_settings"
        ) from None


def is_address(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        ip_address(value.strip())
    except ValueError:
        return False
    return True


def _finder(reader: maxminddb.Reader) -> Any:
    def find(address: str) -> Place | None:
        try:
            found = reader.get(address)
        except (ValueError, TypeError, maxminddb.InvalidDatabaseError):
            return None
        if not isinstance(found, dict):
            return None
        regions = found.get("subdivisions")
        region = regions[0] if isinstance(regions, list) and regions else None
        country = found.get("country")
        code = country.get("iso_code") if isinstance(country, dict) else None
        place = Place(_name(found.get("city")), _name(region), code if isinstance(code, str) else "")
        return place if any(place) else None

    return find


def _name(value: Any) -> str:
    names = value.get("names") if isinstance(value, dict) else None
    name = names.get("en") if isinstance(names, dict) else None
    return name if isinstance(name, str) else ""
