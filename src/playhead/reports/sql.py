"""Parts that reports are made of: bound parameters, values of properties, filters, who did it. Nothing is spliced in.

One rule for values of mixed type. A value has a *text*: a string is its own, a number is written as short as it can be
(`12.0` is `12`), a boolean is `true` or `false`; a list has the texts of its elements. Equality, containing, segments
and `distinct` compare texts, so the string "12" and the number 12 are one value. A value has a *number* when its text
is one; comparisons and aggregates use it and pass over what has none. Missing, null and the empty list are not set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playhead.items import escape_name
from playhead.people.identity import DEVICE_PREFIX, DEVICE_USERS_SQL
from playhead.people.listing import STANDING_PROFILES
from playhead.reports.bodies import Filter, Of, moment
from playhead.reports.ranges import Buckets, day_start

# What a list in a JSON column can be a list of.
_ELEMENTS = ("Nullable(String)", "Nullable(Int64)", "Nullable(Float64)", "Nullable(Bool)", "Dynamic")

# The devices of each user.
_DEVICES_SQL = f"""
SELECT user_id, groupArray(concat('{DEVICE_PREFIX}', device_id)) AS devices FROM ({DEVICE_USERS_SQL}) GROUP BY user_id
"""  # noqa: S608

# Operators that hold when another does not.
_OPPOSITES = {"neq": "eq", "not_contains": "contains", "not_set": "set"}


class Query:
    """SQL in the making: what callers sent goes into `parameters`, the SQL holds `{p0:Type}` in its place.

    Each property that is asked for becomes two columns of the events, computed once for a row: `v0_text`, the text of
    its value, null when it has none or is a list, and `v0_list`, the texts of a list. A property of the profile is
    computed once for a profile, and joined; a filter by one asks whether the event's distinct_id is among those whose
    profile it holds of, which needs no join.
    """

    def __init__(self, project_id: str, zone: ZoneInfo) -> None:
        self.parameters: dict[str, Any] = {"project_id": project_id}
        self.zone = zone
        self._values: dict[tuple[Of, str], str] = {}

    def bind(self, value: Any, kind: str) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    def source(self, names: Iterable[str] | None, start_ms: int, end_ms: int) -> str:
        """The events of these names (None: of any) in [start, end), each once, with `person`: who it resolves to now.

        To be called when all values have been asked for, for only then it is known which are needed.
        """
        return self.people(self.events(names, start_ms, end_ms))

    def events(self, names: Iterable[str] | None, start_ms: int, end_ms: int) -> str:
        """As `source`, without `person` and what is known of them: nothing needs to be joined."""
        named = "1" if names is None else f"events.event IN {self.bind(sorted(set(names)), 'Array(String)')}"
        start, end = self.bind(start_ms, "Int64"), self.bind(end_ms, "Int64")
        values = self.columns("event")
        return f"""
            SELECT events.event AS event, events.distinct_id AS distinct_id, events.insert_id AS insert_id,
                   toUnixTimestamp64Milli(events.time) AS at_ms, events.replay_id AS replay_id,
                   toUnixTimestamp64Milli(events.client_time) AS client_ms {values}
            FROM events FINAL
            WHERE events.project_id = {{project_id:String}} AND {named}
              AND events.time >= fromUnixTimestamp64Milli({start}) AND events.time < fromUnixTimestamp64Milli({end})
        """  # noqa: S608  constants of this package and names of parameters

    def people(self, rows: str, *, profiles: bool = True) -> str:
        """Rows that have a `distinct_id`, with `person` and the values of their profile that were asked for."""
        values = [(name, at) for (of, name), at in self._values.items() if of == "profile" and profiles]
        joined = columns = ""
        if values:
            columns = "".join(f", profiles.{at}_text AS {at}_text, profiles.{at}_list AS {at}_list" for _, at in values)
            joined = f"""
                LEFT ANY JOIN (
                    SELECT distinct_id AS profile_id {self.columns("profile")}
                    FROM profiles FINAL WHERE project_id = {{project_id:String}} AND is_deleted = 0
                ) AS profiles ON profiles.profile_id = if(linked.user_id != '', linked.user_id, found.distinct_id)
            """  # noqa: S608
        return f"""
            SELECT found.*, if(linked.user_id != '', linked.user_id, found.distinct_id) AS person {columns}
            FROM ({rows}) AS found
            LEFT ANY JOIN (
                SELECT concat('{DEVICE_PREFIX}', device_id) AS linked_id, user_id FROM ({DEVICE_USERS_SQL})
            ) AS linked ON linked.linked_id = found.distinct_id
            {joined}
        """  # noqa: S608

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

    @property
    def needs_profiles(self) -> bool:
        """Whether a value of the profile was asked for."""
        return any(of == "profile" for of, _ in self._values)

    def value(self, name: str, of: Of) -> str:
        """The name that the columns of a property's value begin with: `{name}_text` and `{name}_list`."""
        return self._values.setdefault((of, name), f"v{len(self._values)}")

    def columns(self, of: Of) -> str:
        """The rest of a SELECT from `events` or `profiles`: the columns of the values that were asked for."""
        read = self._read if of == "event" else self._read_profile
        return "".join(
            f", {column}" for (whose, name), at in self._values.items() if whose == of for column in read(name, at)
        )

    def texts(self, name: str, of: Of) -> str:
        """The texts of a property's value: `Array(String)`, empty when it is not set."""
        at = self.value(name, of)
        return f"if(isNull({at}_text), {at}_list, [assumeNotNull({at}_text)])"

    def numbers(self, name: str, of: Of) -> str:
        """The numbers among the texts: `Array(Float64)`."""
        at = self.value(name, of)
        number = f"toFloat64OrNull({at}_text)"
        return (
            f"if(isNull({at}_text), arrayFilter(x -> isFinite(x), arrayMap(x -> ifNull(toFloat64OrNull(x), nan), "
            f"{at}_list)), if(ifNull(isFinite({number}), 0), [assumeNotNull({number})], []))"
        )

    def _read(self, name: str, at: str) -> tuple[str, str]:
        """The two columns of an event's property."""
        stored = escape_name(name)
        # Naming a path is the fast way to read it; in a name these signs would not be taken for themselves.
        if "`" in stored or "\\" in stored or not stored.isprintable():
            value = f"getSubcolumn(events.properties, {self.bind(stored, 'String')})"
        else:
            value = f"events.properties.{self.bind(stored, 'Identifier')}"
        text = f"CAST({value}, 'Nullable(String)')"
        # Most values are no lists, and the first sign of the text says it faster than the type does.
        is_list = f"(ifNull(startsWith({text}, '['), 0) AND startsWith(dynamicType({value}), 'Array'))"
        elements = ", ".join(
            f"arrayMap(x -> toString(x), arrayFilter(x -> isNotNull(x), dynamicElement({value}, 'Array({kind})')))"
            for kind in _ELEMENTS
        )
        return (
            f"if({is_list}, NULL, {text}) AS {at}_text",
            f"if({is_list}, arrayConcat({elements}), []::Array(String)) AS {at}_list",
        )

    def _read_profile(self, name: str, at: str) -> tuple[str, str]:
        bound = self.bind(name, "String")
        kind = f"JSONType(properties, {bound})"
        text = _json_text(f"JSONExtractRaw(properties, {bound})")
        listed = f"arrayMap(x -> {_json_text('x')}, JSONExtractArrayRaw(properties, {bound}))"
        return (
            f"if({kind} IN ('Null', 'Array'), NULL, {text})::Nullable(String) AS {at}_text",
            f"if({kind} = 'Array', {listed}, []::Array(String)) AS {at}_list",
        )

    def filters(self, filters: Sequence[Filter]) -> str:
        return " AND ".join(f"({self._either(each)})" for each in filters) or "1"

    def _either(self, each: Filter) -> str:
        return self._filter(each) if each.any is None else " OR ".join(f"({self._filter(one)})" for one in each.any)

    def _filter(self, each: Filter) -> str:
        assert each.op is not None
        if each.op in _OPPOSITES:
            return f"NOT {self._found(each, _OPPOSITES[each.op])}"
        return self._found(each, each.op)

    def _found(self, each: Filter, op: str) -> str:
        """Whether the value's text, or one of a list's, is as wanted."""
        wanted = self._wanted(each, op)

        def found(at: str) -> str:
            return f"(ifNull({wanted(f'{at}_text')}, 0) OR arrayExists(x -> ifNull({wanted('x')}, 0), {at}_list))"

        if each.of == "event":
            return found(self.value(each.property, each.of))
        text, listed = self._read_profile(each.property, "own")
        return f"""distinct_id IN (
            SELECT arrayJoin(arrayPushFront(linked.devices, owner))
            FROM (SELECT distinct_id AS owner, {text}, {listed} {STANDING_PROFILES}) AS profiles
            LEFT ANY JOIN ({_DEVICES_SQL}) AS linked ON linked.user_id = owner
            WHERE {found("own")}
        )"""  # noqa: S608  constants of this package and names of parameters

    def _wanted(self, each: Filter, op: str) -> Callable[[str], str]:
        """The condition on a text."""
        match op:
            case "set":
                return lambda text: f"isNotNull({text})"
            case "eq":
                listed = each.value if isinstance(each.value, list) else [each.value]
                wanted = self.bind([text_of(one) for one in listed], "Array(String)")
                return lambda text: f"{text} IN {wanted}"
            case "contains":
                part = self.bind(each.value, "String")
                return lambda text: f"positionCaseInsensitiveUTF8({text}, {part}) > 0"
            case "is_true" | "is_false":
                return lambda text: f"{text} = '{'true' if op == 'is_true' else 'false'}'"
            case "gt" | "gte" | "lt" | "lte":
                sign = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[op]
                limit = self.bind(float(each.value), "Float64")
                return lambda text: f"({_number(text)} {sign} {limit} AND isFinite({_number(text)}))"
            case "between":
                low, high = (self.bind(float(one), "Float64") for one in each.value)
                return lambda text: f"({_number(text)} >= {low} AND {_number(text)} <= {high})"
            case "before" | "after":
                return self._moment(each)
        raise AssertionError(op)

    def _moment(self, each: Filter) -> Callable[[str], str]:
        """A text is a time when it reads as one; a number is epoch seconds, or milliseconds where it is that large."""
        zone = self.bind(self.zone.key, "String")
        day = date.fromisoformat(each.value) if len(each.value) == 10 else None
        if each.op == "before":
            limit = self.bind(day_start(day, self.zone) if day else moment(each.value), "Int64")
        else:
            after = day_start(day + timedelta(days=1), self.zone) if day else moment(each.value) + 1
            limit = self.bind(after, "Int64")

        def condition(text: str) -> str:
            number = f"assumeNotNull({_number(text)})"
            at = (
                f"if(isNotNull({_number(text)}), toInt64(if(abs({number}) < 1e11, 1000, 1) * {number}), "
                f"toUnixTimestamp64Milli(parseDateTime64BestEffortOrNull({text}, 3, {zone})))"
            )
            return f"{at} {'<' if each.op == 'before' else '>='} {limit}"

        return condition


def _number(text: str) -> str:
    return f"toFloat64OrNull({text})"


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
