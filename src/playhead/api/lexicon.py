"""The Lexicon: every event and property with its volume, types and description; and what can be chosen of them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from playhead.api.answers import asks, errors, json_answer, shape
from playhead.api.asked import Body, Cursor, next_cursor, offset
from playhead.api.auth import Access, Caller, Forbidden, access, asking, stores_of
from playhead.api.auth import project as project_of
from playhead.api.hiding import SensitiveOf
from playhead.clock import now_ms, rfc3339
from playhead.errors import PlayheadError
from playhead.governance.sensitive import HIDDEN
from playhead.jsontext import read_body
from playhead.lexicon import NOTHING, Kind, describe, entries
from playhead.reports.bodies import Of
from playhead.reports.vocabulary import Type, ValueUse, event_uses, property_uses, value_uses
from playhead.stores.tables import Project

router = APIRouter(tags=["Lexicon"])
PREFIX = "/api/projects/{p}"
# Of what can be chosen in one list.
MAX_CHOICES = 1_000

ProjectOf = Annotated[Project, Depends(project_of)]
AccessOf = Annotated[Access, Depends(access)]
Who = Annotated[Caller, Depends(asking)]
Limit = Annotated[int, Query(ge=1, le=1_000)]
Event = Annotated[str, Query(max_length=1_000, description="Only what events of this name carry.")]
Hidden = Annotated[bool, Query(description="Hidden ones too.")]
PropertyOf = Annotated[Of, Query(description="Whose properties.")]

PROPERTY_KINDS: dict[Of, Kind] = {"event": "event_property", "profile": "profile_property"}


class EventName(msgspec.Struct, frozen=True):
    event: str
    count: int
    description: str
    hidden: bool


class EventNames(msgspec.Struct, frozen=True):
    results: list[EventName]
    next_cursor: str | None = None


class PropertyName(msgspec.Struct, frozen=True):
    """`types` are those of its values, the most frequent, which is `type`, first."""

    property: str
    count: int
    types: list[Type]
    type: Type
    description: str
    hidden: bool
    sensitive: bool


class PropertyNames(msgspec.Struct, frozen=True):
    """`sampled`: there are so many events that counts are estimates from some of them."""

    results: list[PropertyName]
    sampled: bool
    next_cursor: str | None = None


class PropertyValues(msgspec.Struct, frozen=True):
    """Values as filters compare them, as texts."""

    results: list[ValueUse]
    sampled: bool
    next_cursor: str | None = None


class LexiconEvent(msgspec.Struct, frozen=True):
    event: str
    count: int
    first_seen: str | None
    last_seen: str | None
    description: str
    hidden: bool


class LexiconEvents(msgspec.Struct, frozen=True):
    results: list[LexiconEvent]
    next_cursor: str | None
    total: int


class LexiconProperty(msgspec.Struct, frozen=True):
    property: str
    count: int
    types: list[Type]
    type: Type | None
    last_seen: str | None
    description: str
    hidden: bool
    sensitive: bool


class LexiconProperties(msgspec.Struct, frozen=True):
    results: list[LexiconProperty]
    sampled: bool
    next_cursor: str | None
    total: int


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is not given stays as it is. The values of what is `sensitive` are told only to who has the right."""

    kind: Kind
    name: str
    description: str | None = None
    hidden: bool | None = None
    sensitive: bool | None = None


class SaidShape(msgspec.Struct, frozen=True):
    kind: Kind
    name: str
    description: str
    hidden: bool
    sensitive: bool


_said = msgspec.json.Decoder(Said)


@router.get(PREFIX + "/events/names", responses=shape(EventNames) | errors(400, 401, 404, 422))
def event_names(request: Request, project: ProjectOf, hidden: Hidden = False) -> Response:
    """The names of events that can be chosen, most frequent first."""
    stores = stores_of(request)
    said = entries(stores.control, project.project_id, "event")
    found = [
        EventName(use.event, use.count, about.description, about.hidden)
        for use in event_uses(stores.analytics, project.project_id)
        for about in [said.get(use.event, NOTHING)]
        if hidden or not about.hidden
    ]
    return json_answer(EventNames(found[:MAX_CHOICES]))


@router.get(PREFIX + "/events/properties", responses=shape(PropertyNames) | errors(400, 401, 404, 422))
def event_properties(
    request: Request, project: ProjectOf, event: Event = "", of: PropertyOf = "event", hidden: Hidden = False
) -> Response:
    """The properties of events (of this name), or of profiles, that can be chosen, most frequent first."""
    stores = stores_of(request)
    said = entries(stores.control, project.project_id, PROPERTY_KINDS[of])
    uses = property_uses(stores.analytics, project.project_id, of, event)
    found = [
        PropertyName(use.property, use.count, use.types, use.types[0], about.description, about.hidden, about.sensitive)
        for use in uses.results
        for about in [said.get(use.property, NOTHING)]
        if hidden or not about.hidden
    ]
    return json_answer(PropertyNames(found[:MAX_CHOICES], uses.sampled))


@router.get(PREFIX + "/events/values", responses=shape(PropertyValues) | errors(400, 401, 404, 422))
def property_values(  # noqa: PLR0917
    request: Request,
    project: ProjectOf,
    sensitive: SensitiveOf,
    property_: Annotated[str, Query(alias="property", max_length=1_000)],
    event: Event = "",
    of: PropertyOf = "event",
) -> Response:
    """The values that a property has, most frequent first; of a list, those of its elements."""
    found = value_uses(stores_of(request).analytics, project.project_id, of, event, property_)
    if property_ in sensitive.of(of):
        count = sum(each.count for each in found.results)
        return json_answer(PropertyValues([ValueUse(HIDDEN, count)] if count else [], found.sampled))
    return json_answer(PropertyValues(found.results, found.sampled))


@router.get(PREFIX + "/lexicon/events", responses=shape(LexiconEvents) | errors(400, 401, 404, 422))
def lexicon_events(request: Request, project: ProjectOf, limit: Limit = 1_000, cursor: Cursor = "") -> Response:
    """Every event: how often there was one, when, and what is said of it. Those that are only described come last."""
    start, stores = offset(cursor), stores_of(request)
    said = entries(stores.control, project.project_id, "event")
    found = []
    for use in event_uses(stores.analytics, project.project_id):
        about = said.pop(use.event, NOTHING)
        found.append(
            LexiconEvent(
                use.event, use.count, rfc3339(use.first_ms), rfc3339(use.last_ms), about.description, about.hidden
            )
        )
    found += [LexiconEvent(name, 0, None, None, said[name].description, said[name].hidden) for name in sorted(said)]
    page = found[start : start + limit]
    return json_answer(LexiconEvents(page, next_cursor(limit, start, len(found)), len(found)))


@router.get(PREFIX + "/lexicon/properties", responses=shape(LexiconProperties) | errors(400, 401, 404, 422))
def lexicon_properties(  # noqa: PLR0917
    request: Request,
    project: ProjectOf,
    of: PropertyOf = "event",
    event: Event = "",
    limit: Limit = 1_000,
    cursor: Cursor = "",
) -> Response:
    """Every property of events (of this name), or of profiles, and what is said of it."""
    start, stores = offset(cursor), stores_of(request)
    said = entries(stores.control, project.project_id, PROPERTY_KINDS[of])
    uses = property_uses(stores.analytics, project.project_id, of, event)
    found = []
    for use in uses.results:
        about = said.pop(use.property, NOTHING)
        found.append(
            LexiconProperty(
                use.property,
                use.count,
                use.types,
                use.types[0],
                rfc3339(use.last_ms),
                about.description,
                about.hidden,
                about.sensitive,
            )
        )
    if not event:
        found += [
            LexiconProperty(name, 0, [], None, None, about.description, about.hidden, about.sensitive)
            for name, about in sorted(said.items())
        ]
    page = found[start : start + limit]
    return json_answer(LexiconProperties(page, uses.sampled, next_cursor(limit, start, len(found)), len(found)))


@router.put(PREFIX + "/lexicon", responses=shape(SaidShape) | errors(400, 401, 403, 404, 413), openapi_extra=asks(Said))
def say(request: Request, found: AccessOf, who: Who, body: Body) -> Response:
    """Describes or hides an event or a property. What is hidden is still counted; it is only not offered.

    A property can be marked as sensitive by everyone, and the mark taken only by who sees sensitive properties.
    """
    said: Said = read_body(_said, body, "bad_body")
    if said.sensitive is not None and said.kind == "event":
        raise PlayheadError("`sensitive` is for properties: an event's name has no value.", code="bad_body")
    if said.sensitive is False and not found.unmasked:
        raise Forbidden("Only who sees sensitive properties can take the mark from one.")
    entry = describe(
        stores_of(request).control,
        found.project.project_id,
        said.kind,
        said.name,
        said.description,
        said.hidden,
        said.sensitive,
        who.actor,
        now_ms(),
    )
    return json_answer(SaidShape(said.kind, said.name, entry.description, entry.hidden, entry.sensitive))
