"""Parts that reports are made of: bound parameters, values of properties, filters, who did it. Nothing is spliced in.

One rule for values of mixed type. A value has a *text*: a string is its own, a number is written as short as it can be
(`12.0` is `12`), a boolean is `true` or `false`; a list has the texts of its elements. Equality, containing, segments
and `distinct` compare texts, so the string "12" and the number 12 are one value. A value has a *number* when its text
is one; comparisons and aggregates use it and pass over what has none. Missing, null and the empty list are not set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from playhead.items import escape_name
from playhead.people.identity import DEVICE_PREFIX, DEVICE_USERS_SQL
from playhead.reports.bodies import Filter, Of, moment
from playhead.reports.ranges import Buckets, day_start

_PROFILES = """
LEFT JOIN (
    SELECT distinct_id, properties FROM profiles FINAL WHERE project_id = {project_id:String} AND is_deleted = 0
) AS profiles ON profiles.distinct_id = if(linked.user_id != '', linked.user_id, events.distinct_id)
"""


# What a list in a JSON column can be a list of.
_ELEMENTS = ("Nullable(String)", "Nullable(Int64)", "Nullable(Float64)", "Nullable(Bool)", "Dynamic")


class Query:
    """SQL in the making: what callers sent goes into `parameters`, the SQL holds `{p0:Type}` in its place."""

    def __init__(self, project_id: str, zone: ZoneInfo) -> None:
        self.parameters: dict[str, Any] = {"project_id": project_id}
        self.zone = zone
        self._profiles = False

    def bind(self, value: Any, kind: str) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    def source(self, names: Iterable[str] | None, start_ms: int, end_ms: int) -> str:
        """The events of these names (None: of any) in [start, end), each once, with `person`: who it resolves to now.

        To be called when all values have been asked for, for only then it is known whether profiles are needed.
        """
        named = "1" if names is None else f"events.event IN {self.bind(sorted(set(names)), 'Array(String)')}"
        start, end = self.bind(start_ms, "Int64"), self.bind(end_ms, "Int64")
        return f"""
            SELECT events.event AS event, events.distinct_id AS distinct_id, events.insert_id AS insert_id,
                   toUnixTimestamp64Milli(events.time) AS at_ms, events.replay_id AS replay_id,
                   toUnixTimestamp64Milli(events.client_time) AS client_ms, events.properties AS properties,
                   if(linked.user_id != '', linked.user_id, events.distinct_id) AS person
                   {", profiles.properties AS profile" if self._profiles else ""}
            FROM events FINAL
            LEFT JOIN ({DEVICE_USERS_SQL}) AS linked ON concat('{DEVICE_PREFIX}', linked.device_id) = events.distinct_id
            {_PROFILES if self._profiles else ""}
            WHERE events.project_id = {{project_id:String}} AND {named}
              AND events.time >= fromUnixTimestamp64Milli({start}) AND events.time < fromUnixTimestamp64Milli({end})
        """  # noqa: S608  constants of this package and names of parameters

    def bucket(self, edges: Buckets) -> str:
        """Which bucket a moment is in: guessed from the mean width, mended by the edges, for days differ in length."""
        count = edges.count
        bound = self.bind(edges.edges, "Array(Int64)")
        width = max(1, (edges.edges[-1] - edges.edges[0]) // count)
        guess = f"toInt64(least(greatest(intDiv(at_ms - {edges.edges[0]}, {width}), 0), {count - 1}))"
        # Arrays count from 1: edge n is element n + 1.
        return (
            f"({guess} + if({guess} < {count - 1} AND at_ms >= arrayElement({bound}, {guess} + 2), 1, 0)"
            f" - if({guess} > 0 AND at_ms < arrayElement({bound}, {guess} + 1), 1, 0))"
        )

    def texts(self, name: str, of: Of) -> str:
        """The texts of a property's value: `Array(String)`, empty when it is not set."""
        if of == "profile":
            self._profiles = True
            bound = self.bind(name, "String")
            kind = f"JSONType(profile, {bound})"
            listed = f"arrayMap(x -> {_json_text('x')}, JSONExtractArrayRaw(profile, {bound}))"
            text = _json_text(f"JSONExtractRaw(profile, {bound})")
            return f"multiIf({kind} = 'Null', [], {kind} = 'Array', {listed}, [{text}])"
        value = f"getSubcolumn(properties, {self.bind(escape_name(name), 'String')})"
        listed = ", ".join(
            f"arrayMap(x -> toString(x), arrayFilter(x -> isNotNull(x), dynamicElement({value}, 'Array({kind})')))"
            for kind in _ELEMENTS
        )
        return (
            f"multiIf(isNull({value}), [], startsWith(dynamicType({value}), 'Array'), arrayConcat({listed}), "
            f"[toString({value})])"
        )

    def numbers(self, name: str, of: Of) -> str:
        """The numbers among the texts: `Array(Float64)`."""
        return f"arrayFilter(x -> isFinite(x), arrayMap(x -> ifNull(toFloat64OrNull(x), nan), {self.texts(name, of)}))"

    def filters(self, filters: Sequence[Filter]) -> str:
        return " AND ".join(f"({self._filter(each)})" for each in filters) or "1"

    def _filter(self, each: Filter) -> str:
        texts = self.texts(each.property, each.of)
        match each.op:
            case "set":
                return f"notEmpty({texts})"
            case "not_set":
                return f"empty({texts})"
            case "eq" | "neq":
                listed = each.value if isinstance(each.value, list) else [each.value]
                wanted = self.bind([text_of(one) for one in listed], "Array(String)")
                return f"{'NOT ' if each.op == 'neq' else ''}hasAny({texts}, {wanted})"
            case "contains" | "not_contains":
                part = self.bind(each.value, "String")
                found = f"arrayExists(x -> positionCaseInsensitiveUTF8(x, {part}) > 0, {texts})"
                return f"NOT {found}" if each.op == "not_contains" else found
            case "is_true" | "is_false":
                return f"has({texts}, '{'true' if each.op == 'is_true' else 'false'}')"
            case "gt" | "gte" | "lt" | "lte":
                sign = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[each.op]
                limit = self.bind(float(each.value), "Float64")
                return f"arrayExists(x -> x {sign} {limit}, {self.numbers(each.property, each.of)})"
            case "between":
                low, high = (self.bind(float(one), "Float64") for one in each.value)
                return f"arrayExists(x -> x >= {low} AND x <= {high}, {self.numbers(each.property, each.of)})"
            case "before" | "after":
                return self._moment(each, texts)
        assert_never(each.op)

    def _moment(self, each: Filter, texts: str) -> str:
        """A text is a time when it reads as one; a number is epoch seconds, or milliseconds where it is that large."""
        zone = self.bind(self.zone.key, "String")
        at = (
            f"arrayMap(x -> if(toFloat64OrNull(x) IS NOT NULL, "
            f"toInt64(if(abs(assumeNotNull(toFloat64OrNull(x))) < 1e11, 1000, 1) * assumeNotNull(toFloat64OrNull(x))), "
            f"toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull(x, 3, {zone}))), {texts})"
        )
        day = date.fromisoformat(each.value) if len(each.value) == 10 else None
        if each.op == "before":
            limit = day_start(day, self.zone) if day else moment(each.value)
            return f"arrayExists(x -> isNotNull(x) AND x < {self.bind(limit, 'Int64')}, {at})"
        limit = day_start(day + timedelta(days=1), self.zone) if day else moment(each.value) + 1
        return f"arrayExists(x -> isNotNull(x) AND x >= {self.bind(limit, 'Int64')}, {at})"


def _json_text(raw: str) -> str:
    """The text of a JSON value that is no list."""
    return (
        f"multiIf(JSONType({raw}) = 'String', JSONExtractString({raw}), "
        f"JSONType({raw}) = 'Double', toString(JSONExtractFloat({raw})), {raw})"
    )


def text_of(value: Any) -> str:
    """A value's text, as the store writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return (
            str(int(value))
            if value.is_integer() and abs(value) < 1e15
            else repr(value).replace("e-0", "e-").replace("e+", "e")
        )
    return str(value)
