"""What is asked of a report: the request bodies, checked as a whole before any SQL is written."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any, Literal

import msgspec

from playhead.errors import PlayheadError
from playhead.jsontext import read_body
from playhead.reports.formulas import parse_formula

Unit = Literal["hour", "day", "week", "month"]
Count = Literal["total", "unique", "dau", "wau", "mau", "per_user_avg"]
Function = Literal["sum", "avg", "median", "p90", "p99", "min", "max", "distinct"]
Operator = Literal[
    "eq", "neq", "contains", "not_contains", "set", "not_set", "gt", "gte", "lt", "lte", "between", "is_true",
    "is_false", "before", "after",
]  # fmt: skip
Of = Literal["event", "profile"]

MAX_METRICS = 10
MAX_FORMULAS = 5
MAX_EXCLUSIONS = 10
MAX_HOLD = 3
MAX_STEPS = 20
MAX_FILTERS = 50
MAX_SEGMENTS = 200
MAX_NAME = 1_000
MAX_VALUES = 1_000
MAX_WINDOW_DAYS = 366


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A condition on a property of the event, or of the profile of whoever did it; or, with `any`, one of several."""

    property: str = ""
    op: Operator | None = None
    value: Any = None
    of: Of = "event"
    any: list[Filter] | None = None


class Aggregate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A number made of the values of a property."""

    aggregate: Function
    property: str


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    event: str
    measure: Count | Aggregate = "total"
    filters: list[Filter] = []


class Breakdown(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    property: str
    limit: int = 12
    of: Of = "event"


class Formula(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A series computed from those of the metrics: `A` is the first of them."""

    formula: str
    name: str = ""


class InsightsPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`t` is the point's own: with `previous`, that of a bucket of the period before."""

    metric: int | None = None
    formula: int | None = None
    segment: str | None = None
    t: str | None = None
    previous: bool = False


class Insights(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    from_: str = msgspec.field(name="from")
    to: str
    metrics: list[Metric]
    unit: Unit = "day"
    filters: list[Filter] = []
    breakdown: Breakdown | None = None
    compare: Literal["previous"] | None = None
    formulas: list[Formula] = []
    timezone: str = ""
    point: InsightsPoint | None = None


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    value: int
    unit: Literal["second", "minute", "hour", "day", "week"] = "day"

    @property
    def milliseconds(self) -> int:
        return (
            self.value * {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}[self.unit] * 1_000
        )


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    event: str
    filters: list[Filter] = []


class Exclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What ends an attempt when it happens between two steps, which count from 1; by default the first and the last."""

    event: str
    filters: list[Filter] = []
    after: int = 1
    before: int | None = None


class FunnelPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`step` counts from 1: people who did it, or who did the one before and not this one. `t`: when they began."""

    step: int
    outcome: Literal["converted", "dropped"] = "converted"
    segment: str | None = None
    t: str | None = None


class Funnel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    from_: str = msgspec.field(name="from")
    to: str
    steps: list[Step]
    window: Window = Window(30, "day")
    order: Literal["specific", "any"] = "specific"
    count: Literal["unique", "total"] = "unique"
    exclusions: list[Exclusion] = []
    hold: list[str] = []
    filters: list[Filter] = []
    breakdown: Breakdown | None = None
    unit: Unit | None = None
    timezone: str = ""
    point: FunnelPoint | None = None


_insights = msgspec.json.Decoder(Insights)
_funnel = msgspec.json.Decoder(Funnel)


def read_insights(text: bytes) -> Insights:
    """Raises `PlayheadError` with the path of the first field that is wrong, and what was expected there."""
    body: Insights = read_body(_insights, text, "bad_report")
    if not 1 <= len(body.metrics) <= MAX_METRICS:
        raise wrong("metrics", f"must hold 1 to {MAX_METRICS} metrics")
    for number, metric in enumerate(body.metrics):
        at = f"metrics[{number}]"
        check_name(metric.event, f"{at}.event")
        if isinstance(metric.measure, Aggregate):
            check_name(metric.measure.property, f"{at}.measure.property")
        check_filters(metric.filters, f"{at}.filters")
    check_filters(body.filters, "filters")
    check_breakdown(body.breakdown)
    if len(body.formulas) > MAX_FORMULAS:
        raise wrong("formulas", f"must hold at most {MAX_FORMULAS} formulas")
    for number, formula in enumerate(body.formulas):
        if len(formula.name) > MAX_NAME:
            raise wrong(f"formulas[{number}].name", f"must be of at most {MAX_NAME} characters")
        try:
            parse_formula(formula.formula, len(body.metrics))
        except ValueError as error:
            raise PlayheadError(f"`formulas[{number}].formula`: {error}.", code="bad_report") from error
    if body.point is not None:
        _check_insights_point(body, body.point)
    return body


def _check_insights_point(body: Insights, point: InsightsPoint) -> None:
    if point.metric is not None and point.formula is not None:
        raise wrong("point", "names either a metric or a formula")
    if point.metric is not None and not 0 <= point.metric < len(body.metrics):
        raise wrong("point.metric", f"must be the number of a metric, 0 to {len(body.metrics) - 1}")
    if point.formula is not None and not 0 <= point.formula < len(body.formulas):
        raise wrong("point.formula", "must be the number of a formula, counted from 0")
    if point.previous and body.compare is None:
        raise wrong("point.previous", "needs a report that compares: send `compare`")


def read_funnel(text: bytes) -> Funnel:
    """Raises as `read_insights` does."""
    body: Funnel = read_body(_funnel, text, "bad_report")
    if not 2 <= len(body.steps) <= MAX_STEPS:
        raise wrong("steps", f"must hold 2 to {MAX_STEPS} steps")
    for number, step in enumerate(body.steps):
        check_name(step.event, f"steps[{number}].event")
        check_filters(step.filters, f"steps[{number}].filters")
    check_filters(body.filters, "filters")
    check_breakdown(body.breakdown)
    if not 1_000 <= body.window.milliseconds <= MAX_WINDOW_DAYS * 86_400_000:
        raise wrong("window", f"must be from 1 second to {MAX_WINDOW_DAYS} days")
    if body.count == "total" and body.order == "any":
        raise wrong("count", 'counts every attempt ("total") only with the order "specific"')
    _check_exclusions(body)
    if len(body.hold) > MAX_HOLD:
        raise wrong("hold", f"must hold at most {MAX_HOLD} properties")
    for number, name in enumerate(body.hold):
        check_name(name, f"hold[{number}]")
    if body.point is not None:
        first = 1 if body.point.outcome == "converted" else 2
        if not first <= body.point.step <= len(body.steps):
            raise wrong("point.step", f"must be the number of a step, {first} to {len(body.steps)}")
        if body.point.t is not None and body.unit is None:
            raise wrong("point.t", "needs a report with a trend: send `unit`")
    return body


def _check_exclusions(body: Funnel) -> None:
    if len(body.exclusions) > MAX_EXCLUSIONS:
        raise wrong("exclusions", f"must hold at most {MAX_EXCLUSIONS} exclusions")
    if body.exclusions and body.order == "any":
        raise wrong("exclusions", 'lie between steps, which needs the order "specific"')
    last = len(body.steps)
    for number, each in enumerate(body.exclusions):
        at = f"exclusions[{number}]"
        check_name(each.event, f"{at}.event")
        check_filters(each.filters, f"{at}.filters")
        if not 1 <= each.after < last:
            raise wrong(f"{at}.after", f"must be the number of a step, 1 to {last - 1}")
        if each.before is not None and not each.after < each.before <= last:
            raise wrong(f"{at}.before", f"must be the number of a step after `after`, {each.after + 1} to {last}")


def wrong(path: str, what: str) -> PlayheadError:
    return PlayheadError(f"`{path}` {what}.", code="bad_report")


def check_name(name: str, path: str) -> None:
    if not 1 <= len(name) <= MAX_NAME:
        raise wrong(path, f"must be of 1 to {MAX_NAME} characters")


def check_breakdown(breakdown: Breakdown | None) -> None:
    if breakdown is None:
        return
    check_name(breakdown.property, "breakdown.property")
    if not 1 <= breakdown.limit <= MAX_SEGMENTS:
        raise wrong("breakdown.limit", f"must be 1 to {MAX_SEGMENTS}")


def check_filters(filters: list[Filter], path: str) -> None:
    """All of a list must hold; `{"any": [filter, …]}` holds when one of its filters does."""
    if sum(len(each.any or [each]) for each in filters) > MAX_FILTERS:
        raise wrong(path, f"must hold at most {MAX_FILTERS} filters")
    for number, each in enumerate(filters):
        at = f"{path}[{number}]"
        if each.any is None:
            _check_filter(each, at)
            continue
        if each != Filter(any=each.any):
            raise wrong(at, "must be either a filter or `any` of several")
        if len(each.any) < 2:
            raise wrong(f"{at}.any", "must hold 2 or more filters")
        for place, one in enumerate(each.any):
            if one.any is not None:
                raise wrong(f"{at}.any[{place}]", "must be a filter: `any` can't be in another")
            _check_filter(one, f"{at}.any[{place}]")


def _check_filter(each: Filter, at: str) -> None:
    for name, missing in (("property", not each.property), ("op", each.op is None)):
        if missing:
            raise PlayheadError(f"`{at}.{name}` is missing.", code="bad_report")
    check_name(each.property, f"{at}.property")
    if problem := _value_problem(each):
        raise wrong(f"{at}.value", problem)


def _value_problem(each: Filter) -> str | None:
    value = each.value
    match each.op:
        case "eq" | "neq":
            listed = value if isinstance(value, list) else [value]
            if not 1 <= len(listed) <= MAX_VALUES or not all(isinstance(one, str | int | float) for one in listed):
                return f"must be a text, number or boolean, or a list of 1 to {MAX_VALUES} of them"
        case "contains" | "not_contains":
            if not isinstance(value, str) or not value:
                return "must be a text that is not empty"
        case "gt" | "gte" | "lt" | "lte":
            if not _is_number(value):
                return "must be a number"
        case "between":
            if not (isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))):
                return "must be a list of two numbers"
        case "before" | "after":
            if not isinstance(value, str) or not _is_moment(value):
                return "must be a day such as 2026-11-22, or a time such as 2026-11-22T10:00:00Z"
        case "set" | "not_set" | "is_true" | "is_false":
            if value is not None:
                return f"is not used with {each.op}"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def moment(text: str) -> int:
    """Epoch milliseconds of an RFC 3339 time; one without an offset is UTC. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1_000)


def _is_moment(value: str) -> bool:
    try:
        date.fromisoformat(value) if len(value) == 10 else moment(value)
    except (ValueError, OverflowError):
        return False
    return True
