"""What a check looks at: places on a page, what was captured, and what came of it. Values only."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

Mode = Literal["text", "input"]
Channel = Literal["replay", "analytics", "kept"]
Kind = Literal["text", "attribute", "value", "comment", "template", "url", "stream"]


class Status(StrEnum):
    """What was sent of a place. `clear` includes what only the browser's storage holds: it would be sent next."""

    CLEAR = "clear"
    MASKED = "masked"
    BLOCKED = "blocked"
    ABSENT = "absent"


class Place(msgspec.Struct, frozen=True):
    """One spot where a page holds something a person can read or has typed.

    `load` numbers the page loads of the check, `key` the node within it; `ids` are the rrweb ids the recorder gave the
    node, `near` those of its nearest recorded ancestor. `canary` is what the check typed there, `rule` which class or
    selector of the recorder's options decides here, `moment` the reading it was first seen in, `rect` where: left, top,
    width and height on the page.
    """

    load: int
    key: int
    kind: Kind
    selector: str
    value: str
    name: str = ""
    tag: str = ""
    input: str = ""
    ids: tuple[int, ...] = ()
    near: tuple[int, ...] = ()
    field: bool = False
    rule: Literal["", "mask", "unmask"] = ""
    blocked: bool = False
    canary: str = ""
    moment: int = 0
    rect: tuple[int, int, int, int] | None = None

    @property
    def what(self) -> str:
        """The place in a reader's words."""
        match self.kind:
            case "text" | "template":
                return "text" if self.kind == "text" else "text in a template"
            case "attribute":
                return f"attribute {self.name}"
            case "value":
                return "typed into the field" if self.canary else "what the field holds"
            case "comment":
                return "comment in the page's source"
            case "url":
                return f"address: {self.name}"
            case "stream":
                return f"attribute {self.name}" if self.name else "text"


class Moment(msgspec.Struct, frozen=True):
    """One reading of a page: which page load it belongs to, what had been done, and the page's picture."""

    load: int
    label: str
    address: str
    picture: bytes = b""


class Sent(msgspec.Struct, frozen=True):
    """One request the recorder made, or one thing it keeps in the browser (`method` is then empty)."""

    channel: Channel
    where: str
    url: str = ""
    method: str = ""
    headers: dict[str, str] = {}
    body: bytes = b""


class Sdk(msgspec.Struct, frozen=True):
    """The recorder of the page, and those of its options that say what is masked."""

    library: Literal["playhead", "mixpanel-browser", "unknown"]
    injected: bool
    version: str = ""
    mask: str = ""
    unmask: str = ""
    block: str = ""
    url_params: tuple[str, ...] = ()


class Observation(msgspec.Struct, frozen=True):
    """All that the browser saw: enough to judge, and to judge again."""

    url: str
    mode: Mode
    sdk: Sdk
    loads: tuple[float, ...]
    moments: tuple[Moment, ...]
    places: tuple[Place, ...]
    sent: tuple[Sent, ...]
    styled: frozenset[str] = frozenset()
    not_examined: tuple[str, ...] = ()
    forwarded: bool = False
    notes: tuple[str, ...] = ()


class Evidence(msgspec.Struct, frozen=True):
    """Where something was found, and what stood there."""

    channel: Channel
    where: str
    text: str


class Finding(msgspec.Struct, frozen=True):
    """What came of one place. `wrong`: it is in clear, and the mode says that it is not."""

    place: Place
    status: Status
    wrong: bool
    why: str
    how: Literal["node", "value"]
    evidence: tuple[Evidence, ...] = ()
    sent: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """The whole result: findings, what stays clear by design and how often, and what could not be judged.

    `analytics` names the events the site tracked and the properties each carried: masking is not about them.
    """

    findings: tuple[Finding, ...]
    by_design: dict[str, int]
    undecided: int
    analytics: dict[str, list[str]]
    rrweb_events: int
    requests: int
    kept: int
    bytes_sent: int

    @property
    def wrong(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.wrong]

    def count(self, status: Status) -> int:
        return sum(finding.status is status for finding in self.findings)
