"""Regions: stores of their own for projects whose data must stay somewhere, beside the stores of all others.

Control is one for all of them, and so are the members and the dashboard. A project's region is chosen when it is made.
"""

from __future__ import annotations

import re

import msgspec

from playhead.errors import NotFound, PlayheadError, Unavailable
from playhead.settings import Settings

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class RegionMissing(Unavailable):
    """A project is in a region that the settings do not name (any more)."""

    code = "region_missing"

    def __init__(self, region: str) -> None:
        super().__init__(f"The project is in the region {region}, which this server is not set up for.")


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of `PLAYHEAD_REGIONS`: URLs as those of the settings of the same names.

    `backup_url` is where its backups are kept; empty: beside the others, below `regions/`.
    """

    analytics_url: str
    blobs_url: str
    analytics_backup: str = ""
    backup_url: str = ""


def read_regions(settings: Settings) -> dict[str, Region]:
    """`PLAYHEAD_REGIONS` by name. Raises `PlayheadError` saying what is wrong with it."""
    try:
        found = msgspec.json.decode(settings.regions, type=dict[str, Region]) if settings.regions.strip() else {}
    except msgspec.MsgspecError as error:
        raise _wrong(str(error)) from None
    taken = {settings.analytics: "the default", settings.blobs: "the default"}
    for name, region in found.items():
        if not _NAME.fullmatch(name):
            raise _wrong(f"the name {name!r} must be 1 to 32 lower-case letters, digits and hyphens")
        for url in (region.analytics_url, region.blobs_url):
            if not url:
                raise _wrong(f"the region {name} needs an analytics_url and a blobs_url")
            if url.rstrip("/") in taken:
                raise _wrong(f"the region {name} and {taken[url.rstrip('/')]} can't share {_without_secrets(url)}")
            taken[url.rstrip("/")] = f"the region {name}"
    return found


def settings_of(settings: Settings, region: str) -> Settings:
    """The settings with that region's stores. Raises `NotFound`."""
    if not region:
        return settings
    known = read_regions(settings)
    if region not in known:
        names = ", ".join(sorted(known)) or "none"
        raise NotFound(f"There is no region {region}; PLAYHEAD_REGIONS names: {names}.", code="region_not_found")
    found = known[region]
    return settings.of_region(
        region,
        {
            "analytics_url": found.analytics_url,
            "blobs_url": found.blobs_url,
            "analytics_backup": found.analytics_backup,
        },
    )


def every_settings(settings: Settings) -> list[Settings]:
    """The settings of every region, those of projects that are in none first."""
    return [settings, *(settings_of(settings, name) for name in read_regions(settings))]


def _without_secrets(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url)


def _wrong(why: str) -> PlayheadError:
    return PlayheadError(
        f'PLAYHEAD_REGIONS is wrong: {why}. It is JSON such as {{"eu": {{"analytics_url": "clickhouse://…", '
        '"blobs_url": "s3://…"}}.',
        code="bad_settings",
    )
