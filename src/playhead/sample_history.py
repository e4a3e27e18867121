"""The demo's earlier weeks: what visitors of the shop did in the last sixty days, as events without replays.

The visits with replays (`sample`) are few and recent; retention, flows and trends need more people and more weeks.
These visitors are numbers, nobody's names. The same arguments give the same requests, byte for byte.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from playhead.sample import DEFAULT_URL, SampleRequest

DAYS = 60
VISITORS = 320
AT_ONCE = 500
DAY_MS = 86_400_000
MINUTE_MS = 60_000

# Item, its id, category, price: some of what the shop sells.
_ITEMS = (
    ("Harbor mug", "harbor-mug", "Cups", 28),
    ("Espresso cup", "espresso-cup", "Cups", 19),
    ("Dune bowl", "dune-bowl", "Bowls", 34),
    ("Orchard bowl", "orchard-bowl", "Bowls", 78),
    ("Reed vase", "reed-vase", "Vases", 64),
    ("Bud vase", "bud-vase", "Vases", 30),
    ("Moss teapot", "moss-teapot", "Table", 92),
    ("Field plate", "field-plate", "Table", 36),
)
# Browser, system, device, how often, and how likely its visitors are to get through a checkout.
_MACHINES = (
    ("Chrome", "Windows", "", 34, 0.74),
    ("Chrome", "Mac OS X", "", 14, 0.76),
    ("Safari", "Mac OS X", "", 10, 0.72),
    ("Firefox", "Linux", "", 8, 0.7),
    ("Mobile Safari", "iOS", "iPhone", 20, 0.46),
    ("Chrome", "Android", "Android", 14, 0.52),
)
_REFERRERS = (("$direct", 46), ("search.example", 30), ("blog.example", 14), ("newsletter.example", 10))
_USER_AGENT = "PlayheadSample/1.0"


def history(token: str, now_ms: int, url: str = DEFAULT_URL, seed: str = "") -> Iterator[SampleRequest]:
    """Every request of it for the project of `token`, oldest event first. All are said to be sent at `now_ms`."""
    chance = random.Random(f"{seed}/{now_ms}/{token}/history")  # noqa: S311  a sample, no secret
    events = [event for number in range(VISITORS) for event in _visitor(chance, number, now_ms, url.rstrip("/"))]
    events.sort(key=lambda event: event["properties"]["time"])
    for start in range(0, len(events), AT_ONCE):
        some = events[start : start + AT_ONCE]
        for event in some:
            event["properties"]["token"] = token
        query = {"token": token, "sent_at": str(now_ms)}
        yield SampleRequest("/track/", query, msgspec.json.encode(some), _USER_AGENT)


def _visitor(chance: random.Random, number: int, now_ms: int, url: str) -> Iterator[dict[str, Any]]:
    """All visits of one: the first on some day, then fewer each week, of some none."""
    browser, system, device, _, luck = chance.choices(_MACHINES, [each[3] for each in _MACHINES])[0]
    referrer = chance.choices([each[0] for each in _REFERRERS], [each[1] for each in _REFERRERS])[0]
    device_id = str(UUID(int=chance.getrandbits(128), version=4))
    about = {
        "$browser": browser,
        "$os": system,
        **({"$device": device} if device else {}),
        "$initial_referring_domain": referrer,
        "mp_lib": "playhead",
        "$device_id": device_id,
    }
    # More come of late than in the beginning.
    first_ms = now_ms - round(DAYS * DAY_MS * (1 - chance.random() ** 0.8))
    loyal = chance.random()
    starts = [first_ms]
    for week in range(1, DAYS // 7 + 1):
        if chance.random() < (0.25 + 0.5 * loyal) * 0.86**week:
            starts.append(first_ms + week * 7 * DAY_MS + round(chance.uniform(-3, 3) * DAY_MS))
    user_id = ""
    for start_ms in sorted(starts):
        # By day, most of them in the evening.
        at_ms = start_ms - start_ms % DAY_MS + round(chance.triangular(6, 23, 19) * 60 * MINUTE_MS)
        for did, properties, after_ms in _visit(chance, luck, url):
            at_ms += after_ms
            if at_ms >= now_ms:
                break
            name = "Log In" if did == "Sign Up" and user_id else did
            if name == "Sign Up":
                user_id = f"visitor-{number + 1:03}"
            who = {"distinct_id": user_id, "$user_id": user_id} if user_id else {"distinct_id": f"$device:{device_id}"}
            insert_id = f"{chance.getrandbits(64):016x}"
            yield {
                "event": name,
                "properties": {**about, **who, **properties, "time": at_ms / 1_000, "$insert_id": insert_id},
            }


def _visit(chance: random.Random, luck: float, url: str) -> Iterator[tuple[str, dict[str, Any], int]]:
    """(event, properties, milliseconds after the one before) of one visit, until they leave."""

    def after(low: float, high: float) -> int:
        return round(chance.uniform(low, high) * 1_000)

    yield "$mp_web_page_view", _page(url, "index.html"), 0
    if chance.random() < 0.2:
        yield "Search", {"results": chance.randint(0, 6)}, after(4, 30)
    elif chance.random() < 0.3:
        yield "Filter List", {"by": "category", "value": chance.choice(_ITEMS)[2]}, after(4, 30)
    total, items = 0, 0
    for _ in range(chance.choices((0, 1, 2, 3, 4), (18, 36, 26, 13, 7))[0]):
        item, item_id, category, price = chance.choice(_ITEMS)
        shown = {"item": item, "item_id": item_id, "category": category, "price": price}
        yield "View Item", {**shown, **_page(url, f"item.html?id={item_id}")}, after(6, 60)
        if chance.random() < 0.42:
            quantity = chance.choice((1, 1, 1, 2, 4))
            total, items = total + price * quantity, items + quantity
            yield "Add to Cart", {**shown, "quantity": quantity}, after(8, 90)
    if not items or chance.random() < 0.36:
        return
    if chance.random() < 0.18:
        yield "Apply Voucher", {"known": chance.random() < 0.6}, after(10, 60)
    yield "Checkout", {"total": total, "items": items, **_page(url, "checkout.html")}, after(10, 120)
    if chance.random() < 0.3:
        yield "Checkout Refused", {"missing": chance.randint(1, 4)}, after(15, 60)
    if chance.random() < luck:
        if chance.random() < 0.7:
            yield "Sign Up", {"method": "email"}, after(10, 60)
        yield "Purchase", {"total": total, "items": items, "gift": chance.random() < 0.15}, after(20, 180)


def _page(url: str, page: str) -> dict[str, str]:
    return {"$current_url": f"{url}/shop/{page}"}
