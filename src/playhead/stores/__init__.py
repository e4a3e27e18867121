"""The stores, each chosen by a URL: analytics (ClickHouse SQL), blobs (objects), control (relational).

Delivery writes them; replays, reports, people and the API read them; capture reads control through its cache and
nothing else. This room opens URLs and carries bytes and SQL; it knows nothing of replays, events or people.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playhead.settings import Settings
from playhead.stores.analytics import Analytics
from playhead.stores.blobs import Blobs
from playhead.stores.control import Control
from playhead.stores.encryption import Keyring


@dataclass(frozen=True)
class Stores:
    analytics: Analytics
    blobs: Blobs
    control: Control
    keyring: Keyring = field(default_factory=Keyring)

    def close(self) -> None:
        self.analytics.close()
        self.control.close()


def open_stores(settings: Settings) -> Stores:
    """Opens what the settings' URLs name; no store is talked to before it is used.

    The schemas are brought up to date by `playhead serve` before its processes start (control) and by the worker when
    the analytics store first answers.
    """
    return Stores(
        Analytics.open(settings.analytics),
        Blobs.open(settings.blobs),
        Control.open(settings.control),
        Keyring.of(settings),
    )
