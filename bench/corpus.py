"""Recordings to measure on: synthetic rrweb streams of three kinds of page, the same at every run.

    dash    a dashboard: a 60-row table and tiles that change every second; 25 min make about 16 MB
    shop    a shop: a page load with a full snapshot every 30 s, scrolling, clicks, typing
    board   a planning board: few changes, much pointer movement

Style sheets are the dashboard's own component library's, words come from the licence's English, by their frequency.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
START_MS = 1_790_000_000_000
WORDS = re.findall(r"[A-Za-z]+", (ROOT / "LICENSE").read_text())
STYLE_SHEET = (ROOT / "web/node_modules/@mantine/core/styles.css").read_text()[:140_000]
CLASSES = sorted(set(re.findall(r"\.(m_[0-9a-f]+)", STYLE_SHEET)))
Event = dict[str, Any]


def events(kind: str, seconds: int, seed: int = 1) -> list[Event]:
    """The rrweb events of one visit, sorted by time."""
    page = Page(random.Random(f"{kind}{seed}"), kind)
    return list(page.visit(seconds))


def batches(stream: list[Event], seconds: float = 10) -> Iterator[list[Event]]:
    """The stream cut as an SDK sends it: every `seconds`."""
    batch: list[Event] = []
    end = stream[0]["timestamp"] + seconds * 1000
    for event in stream:
        if event["timestamp"] >= end and batch:
            yield batch
            batch = []
            end = event["timestamp"] + seconds * 1000
        batch.append(event)
    if batch:
        yield batch


def encode(batch: list[Event]) -> bytes:
    return json.dumps(batch, separators=(",", ":"), ensure_ascii=False).encode()


class Page:
    def __init__(self, chance: random.Random, kind: str) -> None:
        self.chance, self.kind = chance, kind
        self.words = WORDS
        self.classes = CLASSES
        self.next_id = 1
        self.cells: list[int] = []
        self.x, self.y = 600, 400

    def text(self, low: int, high: int) -> str:
        words = self.chance.choices(self.words, k=self.chance.randint(low, high))
        return " ".join(words)

    def value(self) -> str:
        """What a cell of a dashboard shows: mostly a number, else a state."""
        if self.chance.random() < 0.7:
            return f"{self.chance.randint(1, 999):,}"
        return self.chance.choice(("ok", "late", "in transit", "waiting", "paid", "open", "closed"))

    def node(self, tag: str, attributes: dict[str, Any], children: list[Event]) -> Event:
        self.next_id += 1
        return {"type": 2, "tagName": tag, "attributes": attributes, "childNodes": children, "id": self.next_id}

    def text_node(self, text: str, keep: bool = False) -> Event:
        self.next_id += 1
        if keep:
            self.cells.append(self.next_id)
        return {"type": 3, "textContent": text, "id": self.next_id}

    def style(self) -> Event:
        self.next_id += 1
        inner = {"type": 3, "textContent": STYLE_SHEET, "isStyle": True, "id": self.next_id}
        return self.node("style", {}, [inner])

    def row(self, width: int) -> Event:
        cells = [
            self.node(
                "td",
                {"class": self.chance.choice(self.classes), "data-col": str(n)},
                [self.text_node(self.value(), True)],
            )
            for n in range(width)
        ]
        return self.node("tr", {"class": "row", "id": f"r{self.next_id}"}, cells)

    def card(self) -> Event:
        picture = self.node("img", {"src": f"/photos/{self.text(1, 1)}.jpg", "width": "320", "height": "240"}, [])
        title = self.node("h3", {"class": "title"}, [self.text_node(self.text(2, 5), True)])
        body = self.node("p", {"class": "muted small"}, [self.text_node(self.text(10, 40))])
        return self.node("a", {"class": "card shadow-sm", "href": f"/item/{self.next_id}"}, [picture, title, body])

    def snapshot(self, at: int) -> Iterator[Event]:
        self.cells = []
        self.next_id = 1
        body = {
            "dash": lambda: [self.node("table", {"class": "table"}, [self.row(12) for _ in range(60)])],
            "shop": lambda: [self.node("div", {"class": "grid"}, [self.card() for _ in range(60)])],
            "board": lambda: [
                self.node("section", {"class": "lane"}, [self.card() for _ in range(12)]) for _ in range(5)
            ],
        }[self.kind]()
        head = self.node("head", {}, [self.style()])
        html = self.node("html", {"lang": "en"}, [head, self.node("body", {}, body)])
        yield {
            "type": 4,
            "data": {"href": f"https://example.com/{self.kind}", "width": 1280, "height": 800},
            "timestamp": at,
        }
        tree = {
            "type": 0,
            "childNodes": [{"type": 1, "name": "html", "publicId": "", "systemId": "", "id": 1}, html],
            "id": 0,
        }
        yield {"type": 2, "data": {"node": tree, "initialOffset": {"left": 0, "top": 0}}, "timestamp": at + 5}

    def visit(self, seconds: int) -> Iterator[Event]:
        yield from self.snapshot(START_MS)
        for second in range(1, seconds):
            at = START_MS + second * 1000
            if self.kind == "shop" and second % 30 == 0:
                yield from self.snapshot(at)
                continue
            yield from sorted(self.second(at), key=lambda event: event["timestamp"])

    def second(self, at: int) -> Iterator[Event]:
        chance = self.chance
        changes = {"dash": 34, "shop": 3, "board": 1}[self.kind]
        if self.kind == "dash" or chance.random() < 0.5:
            texts = [{"id": chance.choice(self.cells[::9]), "value": self.value()} for _ in range(changes)]
            attributes = [
                {
                    "id": chance.choice(self.cells[::9]) - 1,
                    "attributes": {"class": f"{chance.choice(self.classes[:9])} up"},
                }
                for _ in range(changes * 2)
            ]
            adds = []
            if chance.random() < 0.3:
                adds = [
                    {
                        "parentId": self.cells[0] - 1,
                        "nextId": None,
                        "node": self.row(6) if self.kind == "dash" else self.card(),
                    }
                ]
            data = {"source": 0, "texts": texts, "attributes": attributes, "removes": [], "adds": adds}
            yield {"type": 3, "data": data, "timestamp": at + chance.randint(0, 900)}
        for part in (0, 500):
            if chance.random() < 0.6:
                moves = []
                dx, dy, over = chance.randint(-24, 24), chance.randint(-12, 12), chance.choice(self.cells)
                for n in range(10):
                    self.x, self.y = min(1200, max(0, self.x + dx)), min(780, max(0, self.y + dy))
                    over = over + 1 if chance.random() < 0.2 else over
                    moves.append({"x": self.x, "y": self.y, "id": over, "timeOffset": -450 + 50 * n})
                yield {"type": 3, "data": {"source": 1, "positions": moves}, "timestamp": at + part + 450}
        if chance.random() < 0.15:
            data = {
                "source": 2,
                "type": 2,
                "id": chance.choice(self.cells),
                "x": chance.randint(0, 1200),
                "y": chance.randint(0, 700),
            }
            yield {"type": 3, "data": data, "timestamp": at + chance.randint(0, 999)}
        if chance.random() < 0.2:
            yield {
                "type": 3,
                "data": {"source": 3, "id": 1, "x": 0, "y": chance.randint(0, 4000)},
                "timestamp": at + 300,
            }
