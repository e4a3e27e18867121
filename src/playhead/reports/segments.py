"""Segments of a report: the values of a breakdown's property, what is not set, and what is over the limit."""

from __future__ import annotations

from playhead.reports.bodies import Breakdown
from playhead.reports.sql import Query

NOT_SET, OTHER = "(not set)", "$other"

# The one segment of a report without a breakdown, and the one that holds what is over a breakdown's limit.
WHOLE = "[(2, '')]::Array(Tuple(UInt8, String))"
OTHERS = "(3, '')::Tuple(UInt8, String)"


def segments_sql(query: Query, breakdown: Breakdown | None) -> str:
    """The segments that an event is in: an array of (kind, text), where kind 0 is a value and 1 is not set."""
    if breakdown is None:
        return WHOLE
    at = query.value(breakdown.property, breakdown.of)
    return (
        f"multiIf(notEmpty({at}_list), arrayMap(x -> (0, x), arrayDistinct({at}_list)), isNull({at}_text), [(1, '')], "
        f"[(0, assumeNotNull({at}_text))])::Array(Tuple(UInt8, String))"
    )


def key_sql(query: Query, breakdown: Breakdown | None) -> str:
    """The segments that an event is in as one text, which is quicker to group by.

    It is the value's own text; a NUL when it is not set; JSON behind a NUL for a list, and for a text that begins so.
    """
    if breakdown is None:
        return "''"
    at = query.value(breakdown.property, breakdown.of)
    text = f"assumeNotNull({at}_text)"
    return (
        f"multiIf(notEmpty({at}_list), concat('\\0', toJSONString({at}_list)), isNull({at}_text), '\\0', "
        f"startsWith({text}, '\\0'), concat('\\0', toJSONString([{text}])), {text})"
    )


def segments_of_key(breakdown: Breakdown | None, key: str) -> str:
    """`segments_sql` of a `key_sql`."""
    if breakdown is None:
        return WHOLE
    listed = f"arrayMap(x -> (0, x), arrayDistinct(JSONExtract(substring({key}, 2), 'Array(String)')))"
    return (
        f"multiIf({key} = '\\0', [(1, '')], startsWith({key}, '\\0'), {listed}, [(0, {key})])"
        "::Array(Tuple(UInt8, String))"
    )


def segment_name(kind: int, text: str) -> str | None:
    return {0: text, 1: NOT_SET, 2: None, 3: OTHER}[kind]


def top_sql(breakdown: Breakdown, rows: str, value: str) -> str:
    """The segments that are shown: those with the greatest value, as many as the breakdown's limit."""
    return f"""
        SELECT segment FROM ({rows}) GROUP BY segment ORDER BY {value} DESC, segment LIMIT {breakdown.limit}
    """  # noqa: S608  constants of this package and names of parameters


def of_segment(query: Query, breakdown: Breakdown | None, segment: str | None, rows: str, value: str) -> str:
    """The condition of being in a segment, whose name an answer gave.

    `rows` and `value` are what the report ranks its segments by: `$other` is what is not among the first of them.
    """
    if segment is None or breakdown is None:
        return "1"
    if segment == OTHER:
        return f"segment NOT IN ({top_sql(breakdown, rows, value)})"
    if segment == NOT_SET:
        return f"segment IN [(1, ''), (0, {query.bind(NOT_SET, 'String')})]"
    return f"segment = (0, {query.bind(segment, 'String')})"
