"""A shop's history of events: the same for the same size, made once and kept outside the repository.

`size` events of a fiftieth as many people, with 20 properties each, over 40 days, in the order of their times: visits of ten
events, more of them by few people; a quarter of the people came first without an account. No person does two things within 15
seconds, so the two seconds in which a funnel's steps count in either order change nothing, and plain SQL answers the same.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

FIRST_MS = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp() * 1_000)
DAYS = 40
PER_PERSON, PER_VISIT = 50, 10
GAP_MS = 15_000
CHUNK = 100_000
VERSION = 2

EVENTS = (
    "Page View",
    "View Item",
    "Add to Cart",
    "Checkout",
    "Pay",
    "Order Placed",
    "Search",
    "Share",
    "Sign In",
    "Error",
)
SHARES = (0.30, 0.20, 0.12, 0.08, 0.06, 0.05, 0.10, 0.03, 0.04, 0.02)

# Texts of a property: how many there are, and how each is called.
TEXTS = {
    "$browser": (8, "browser {}"),
    "$os": (6, "system {}"),
    "$device": (3, "device {}"),
    "$current_url": (2_000, "https://shop.example/items/{}"),
    "$referrer": (200, "https://site-{}.example/"),
    "$city": (500, "city {}"),
    "$region": (80, "region {}"),
    "mp_country_code": (40, "C{}"),
    "utm_source": (10, "source {}"),
    "utm_campaign": (50, "campaign {}"),
    "plan": (3, "plan {}"),
    "category": (30, "category {}"),
    "item_id": (5_000, "item-{}"),
    "search_term": (1_000, "words {}"),
}
INTEGERS = {
    "$browser_version": (90, 150),
    "$screen_width": (320, 2_560),
    "$screen_height": (480, 1_440),
    "quantity": (1, 6),
}
PROPERTIES = (*TEXTS, *INTEGERS, "price", "logged_in")


@dataclass(frozen=True)
class History:
    """Parquet files: events in the order of time (`events-*.parquet`), `identities` (device, user), `people`."""

    folder: Path
    size: int

    @property
    def events(self) -> list[Path]:
        return sorted(self.folder.glob("events-*.parquet"))


def cache() -> Path:
    """Where what is made once is kept. PostgreSQL's own user must be able to go there, so it is no one's home."""
    return Path(os.environ.get("PLAYHEAD_BENCH_CACHE") or "/var/tmp/playhead-bench")


def history(size: int) -> History:
    folder = cache() / f"history-{VERSION}-{size}"
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        _make(making, size)
        making.rename(folder)
    return History(folder, size)


def _make(folder: Path, size: int) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(20_261_001)
    people = size // PER_PERSON
    visits = size // PER_VISIT
    # The square makes some people come often: the busiest tenth makes a third of the visits.
    person = np.repeat((people * random.random(visits) ** 2).astype(np.int64), PER_VISIT)
    begins = np.repeat(random.integers(0, DAYS * 86_400_000 - 3_600_000, visits), PER_VISIT)
    at = FIRST_MS + begins + random.integers(0, 1_800_000, size)
    order = np.lexsort((at, person))
    person, at = person[order], at[order]
    # Each at least GAP_MS after the one before of the same person.
    rank = np.arange(size, dtype=np.int64)
    lane = person * (1 << 43)
    at = np.maximum.accumulate(at - GAP_MS * rank + lane + GAP_MS * _first(rank, person)) - lane
    at += GAP_MS * (rank - _first(rank, person))
    event = random.choice(len(EVENTS), size, p=SHARES).astype(np.int8)
    # People of the first quarter had no account in their first three events.
    anonymous = (person < people // 4) & (rank - _first(rank, person) < 3)
    order = np.argsort(at, kind="stable")
    person, at, event, anonymous = person[order], at[order], event[order], anonymous[order]

    def texts(pattern: str, count: int) -> pa.Array:
        return pa.array([pattern.format(n) for n in range(count)])

    users, devices = texts("user-{:07}", people), texts("$device:01999999-0000-7000-8000-{:012}", people)
    for start in range(0, size, CHUNK):
        part = slice(start, min(start + CHUNK, size))
        count = part.stop - start
        who = np.where(anonymous[part], person[part] + people, person[part])
        columns: dict[str, pa.Array] = {
            "event": pa.array(EVENTS).take(pa.array(event[part])),
            "distinct_id": pa.concat_arrays([users, devices]).take(pa.array(who)),
            "time_ms": pa.array(at[part]),
            "insert_id": pa.array([f"{n:016x}" for n in range(start, part.stop)]),
        }
        for name, (number, pattern) in TEXTS.items():
            which = (number * random.random(count) ** 2).astype(np.int32)
            columns[name] = texts(pattern, number).take(pa.array(which))
        for name, (low, high) in INTEGERS.items():
            columns[name] = pa.array(random.integers(low, high, count))
        columns["price"] = pa.array(random.integers(100, 20_000, count) / 100)
        columns["logged_in"] = pa.array(~anonymous[part])
        pq.write_table(pa.table(columns), folder / f"events-{start // CHUNK:04}.parquet", compression="zstd")
    linked = {"device_id": texts("01999999-0000-7000-8000-{:012}", people // 4), "user_id": users.slice(0, people // 4)}
    pq.write_table(pa.table(linked), folder / "identities.parquet")
    known = {
        "distinct_id": users,
        "name": texts("Person {}", people),
        "email": texts("person-{}@example.com", people),
        "company": texts("company {}", 500).take(pa.array(random.integers(0, 500, people))),
        "tier": texts("tier {}", 5).take(pa.array(random.integers(0, 5, people))),
        "seats": pa.array(random.integers(1, 200, people)),
    }
    pq.write_table(pa.table(known), folder / "people.parquet")


def _first(rank, group):  # type: ignore[no-untyped-def]
    """For each place in a sorted array, the place where its group begins."""
    import numpy as np

    begins = np.concatenate(([True], group[1:] != group[:-1]))
    return np.maximum.accumulate(np.where(begins, rank, 0))
