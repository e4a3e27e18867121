"""What capture accepts and journals, and delivery writes to the stores: the seam between the two.

A journal row is one accepted request, or the part of it of one kind:

    project_id · ingest_id (UUIDv7) · kind · received_at_ms · meta · payload

    kind       meta (MessagePack of)   payload
    events     None                    MessagePack list[EventRecord]
    profiles   None                    MessagePack list[ProfileOperation]
    groups     None                    MessagePack list[GroupOperation]
    recording  BatchSummary            the batch's rrweb events: a JSON array, gzip, as it came

Stored rows of an item are named (ingest_id, index in the list).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec


def escape_name(name: str) -> str:
    """A property's name as one step of a path in `EventRecord.properties`: dots are not separators there.

    `{"a.b": 1, "a": {"b": 2}}` is stored as the paths `a%2Eb` and `a.b`. The empty name is `%`.
    """
    return name.replace("%", "%25").replace(".", "%2E") or "%"


def unescape_name(step: str) -> str:
    """The name that `escape_name` made this step of."""
    return "" if step == "%" else step.replace("%2E", ".").replace("%25", "%")


class Kind(StrEnum):
    EVENTS = "events"
    PROFILES = "profiles"
    GROUPS = "groups"
    RECORDING = "recording"


class Item(msgspec.Struct, frozen=True):
    """One journalled item. `meta` and `payload` are encoded as the module's table says."""

    project_id: str
    ingest_id: UUID
    kind: Kind
    received_at_ms: int
    meta: bytes
    payload: bytes


class EventRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One analytics event, normalised.

    `client_time_ms` is the time as sent, `time_ms` the same corrected by the clock rule. `insert_id` is empty when the
    sender gave none. `properties` is JSON text that the analytics store takes (flat, dots escaped, depth and keys
    limited); `raw` the sender's own text of the properties, for export.
    """

    event: str
    distinct_id: str
    client_time_ms: int
    time_ms: int
    properties: bytes
    raw: bytes
    insert_id: str = ""
    device_id: str = ""
    user_id: str = ""
    replay_id: str = ""
    clock_flag: Literal["", "future", "ancient", "offset"] = ""


ProfileVerb = Literal["$set", "$set_once", "$add", "$append", "$union", "$remove", "$unset", "$delete"]


class ProfileOperation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One profile operation; `value` is JSON text. `request_id` names it for good where the SDK sends one."""

    distinct_id: str
    verb: ProfileVerb
    value: bytes
    time_ms: int
    request_id: str = ""
    device_id: str = ""
    user_id: str = ""


class GroupOperation(msgspec.Struct, frozen=True, omit_defaults=True):
    group_key: str
    group_id: str
    verb: ProfileVerb
    value: bytes
    time_ms: int
    request_id: str = ""


class Marker(msgspec.Struct, frozen=True, array_like=True):
    """A place on the timeline: `at_ms` is the rrweb event's own timestamp."""

    at_ms: int
    kind: str
    label: str


class BatchSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """What later stages need to know of a batch of rrweb events without opening it again.

    Times are the rrweb events' own epoch milliseconds (floored). `epoch` is empty for SDKs other than ours. `activity`
    counts user input per second: `[[second's start in ms, count], …]`. `digest` is the CRC-32 and the length of the
    events' JSON text (gzip's own trailer, in hex), for recognising a batch that was sent twice. `clock_flag` says why
    the times are doubtful.

    `rules` is the version of the selector rules that the SDK recorded under, `owed` that of the rules in force when
    these are others: the batch must be masked by them before anyone sees it. `rule_ids` names the rules that were
    applied. `masked` and `blocked` count nodes as the SDK tells, -1 when it does not; `patterns` what pattern rules
    replaced.
    """

    replay_id: str
    epoch: str
    seq: int
    first_ms: int
    last_ms: int
    events: int
    full_snapshots: list[int]
    raw_bytes: int
    digest: str
    distinct_id: str = ""
    device_id: str = ""
    user_id: str = ""
    clock_offset_ms: int = 0
    clock_flag: Literal["", "future", "ancient", "offset"] = ""
    clicks: int = 0
    rage_clicks: int = 0
    errors: int = 0
    inputs: int = 0
    pages: list[tuple[int, str]] = []
    markers: list[Marker] = []
    activity: list[tuple[int, int]] = []
    viewport: tuple[int, int] = (0, 0)
    browser: str = ""
    os: str = ""
    device: str = ""
    library: str = ""
    library_version: str = ""
    mask: str = ""
    visit: str = ""
    rules: str = ""
    owed: str = ""
    rule_ids: list[str] = []
    masked: int = -1
    blocked: int = -1
    patterns: int = 0
