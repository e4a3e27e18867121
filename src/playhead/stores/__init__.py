"""The stores, each chosen by a URL: analytics (ClickHouse SQL), blobs (objects), control (relational).

Delivery writes them; replays, reports, people and the API read them; capture reads control through its cache and
nothing else. This room opens URLs and carries bytes and SQL; it knows nothing of replays, events or people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from playhead.settings import Settings
from playhead.stores.analytics import Analytics, engine_for
from playhead.stores.blobs import Blobs
from playhead.stores.control import Control
from playhead.stores.encryption import Keyring
from playhead.stores.regions import RegionMissing, every_settings
from playhead.stores.tables import Project


@dataclass(frozen=True)
class Stores:
    """The stores of one region: those of all projects that are in none (an empty name) know the `others`.

    Control and keys are the same in all of them.
    """

    analytics: Analytics
    blobs: Blobs
    control: Control
    keyring: Keyring = field(default_factory=Keyring)
    region: str = ""
    others: Mapping[str, Stores] = field(default_factory=dict)

    def of(self, region: str) -> Stores:
        """The stores of that region. Raises `RegionMissing`."""
        if region == self.region:
            return self
        if region not in self.others:
            raise RegionMissing(region)
        return self.others[region]

    def of_project(self, project_id: str) -> Stores:
        """The stores that a project's data are in. Raises `RegionMissing`."""
        with self.control.read() as session:
            return self.of(session.scalar(select(Project.region).where(Project.project_id == project_id)) or "")

    def every(self) -> list[Stores]:
        """Those of every region, these first."""
        return [self, *self.others.values()]

    def hold(self, project_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        """The condition that a row of control is of a project whose data these stores hold.

        Whoever works through rows of several projects asks for it: in other stores their data would seem to be gone.
        """
        regions = select(Project.project_id)
        if not self.region:
            return project_id.not_in(regions.where(Project.region != ""))
        return project_id.in_(regions.where(Project.region == self.region))

    def close(self) -> None:
        for stores in self.every():
            stores.analytics.close()
        self.control.close()


@contextmanager
def engines_for(stores: Stores) -> Iterator[None]:
    """Sees to it that the embedded engine of every region that has one runs while the block does."""
    with ExitStack() as stack:
        for each in stores.every():
            stack.enter_context(engine_for(each.analytics))
        yield


def open_stores(settings: Settings) -> Stores:
    """Opens what the settings' URLs name, of every region; no store is talked to before it is used.

    The schemas are brought up to date by `playhead serve` before its processes start (control) and by the worker when
    the analytics store first answers.
    """
    control, keyring = Control.open(settings.control), Keyring.of(settings)

    def opened(of: Settings, **more: Any) -> Stores:
        return Stores(Analytics.open(of.analytics), Blobs.open(of.blobs), control, keyring, of.region, **more)

    own, *others = [settings] if settings.region else every_settings(settings)
    return opened(own, others={each.region: opened(each) for each in others})
