"""The attempts of a funnel: for each person, which of their events are the steps of it.

    events ──► marks ──► each person's marks, sorted ──► the attempts they make

A *mark* is one whole number that says when and what: an event of step k makes the mark of k, two seconds times k later
("virtual time"). "Not more than two seconds before the step in front of it" then reads "not before it", and sorting the
numbers puts a person's steps in order.

    | milliseconds, virtual | 5 bits: order within one | 5 bits: 31 - step |       of an event that excludes, where it
    | milliseconds, virtual | 31                       | step j            |       ends an attempt that stands at step j

The best attempt is then found without looking at one event after the other, in passes over whole arrays: `b1` holds at
each mark of step 1 when it happened; `bk` at each mark of step k when the attempt began that it continues, which is
that of the latest mark of step k - 1 in front of it. No attempt that began earlier can get farther than one that
began later, so that nothing else needs to be kept.
"""

from __future__ import annotations

import msgspec

from playhead.reports.bodies import Exclusion, Funnel
from playhead.reports.ranges import Range, read_range
from playhead.reports.segments import key_sql, segments_of_key
from playhead.reports.sql import Query

SLACK_MS = 2_000
_MARKS = "Array(Int64)"
_NEVER = 2**62
# The events of step 1 as (mark, insert_id, key of the segment); of two in one millisecond the first insert_id counts.
_NO_FIRSTS = "[]::Array(Tuple(Int64, String, String))"


class Attempts(msgspec.Struct, frozen=True):
    """The attempts, and the events they are made of.

    `sql` has one row per person (per attempt, where every attempt counts): `person`, `path`, the marks of the steps
    that were reached, `times`, when these were, and `segments`, that of the first. `events` has a row per event that
    is a step, with its `marks`.
    """

    sql: str
    events: str


def attempts_of(query: Query, body: Funnel) -> Attempts:
    """Raises `PlayheadError` for a range that is none. Values are asked for here, so it comes before other sources."""
    return _Attempts(query, body, read_range(body.from_, body.to, query.zone)).found()


class _Attempts:
    def __init__(self, query: Query, body: Funnel, asked: Range) -> None:
        self.query = query
        self.body = body
        self.start, self.end = asked.start_ms, asked.end_ms
        self.last = len(body.steps)
        self.window = body.window.milliseconds
        self.alike = len({step.event for step in body.steps}) < self.last
        # One event must not be two steps of an attempt, so where it stands in several there is no slack.
        self.slack = 0 if self.alike or body.order == "any" else SLACK_MS

    def found(self) -> Attempts:
        events = self._events()
        marks = self._levels(self._people(events))
        if self.body.order == "any":
            found = self._any_order(marks)
        elif self.body.count == "total":
            found = self._every_attempt(marks)
        else:
            found = self._best_attempt(marks)
        found = f"""
            SELECT person, path, arrayMap(m -> {self._time("m", self._level("m"))}, path) AS times,
                   arrayMin(arrayFilter(x -> x.1 = path[1], firsts)) AS first
            FROM ({found}) WHERE notEmpty(path)
        """  # noqa: S608
        if self.body.hold and self.body.count == "unique":
            # Of the attempts, one for each text that is held, the one that got farthest, first, and began last.
            found = f"""
                SELECT person, best.1 AS path, best.2 AS times, best.3 AS first FROM (
                    SELECT person,
                           argMin((path, times, first), (-length(path), path[-1], -times[1], path, first.2)) AS best
                    FROM ({found}) GROUP BY person
                )
            """  # noqa: S608
        segments = segments_of_key(self.body.breakdown, "first.3")
        return Attempts(f"SELECT person, path, times, {segments} AS segments FROM ({found})", events)  # noqa: S608

    # ---- marks ----

    def _mark(self, level: str, order: str) -> str:
        return f"((at_ms + {self.slack} * {level}) * 1024 + {order} * 32 + 31 - {level})"

    def _level(self, mark: str) -> str:
        """The step of a mark."""
        return f"(31 - bitAnd({mark}, 31))"

    def _time(self, mark: str, level: str) -> str:
        return f"(bitShiftRight({mark}, 10) - {self.slack} * {level})"

    def _events(self) -> str:
        """The events of the steps, and those that exclude: `marks`, `ends`, and the `key` of their segment."""
        body, query = self.body, self.query
        everywhere = query.filters(body.filters)
        steps = [f"event = {query.bind(each.event, 'String')} AND {query.filters(each.filters)}" for each in body.steps]
        ends = [self._ends(each) for each in body.exclusions]
        key = key_sql(query, body.breakdown)
        holds = self._holds()
        early, late = self.slack * (self.last - 1), self.window
        names = [step.event for step in body.steps] + [each.event for each in body.exclusions]
        rows = query.events(names, self.start - early, self.end + late)
        if query.needs_profiles:
            rows = query.people(rows)
        if self.alike or ends:
            found = ", ".join(f"if({step}, {number}, 0)" for number, step in enumerate(steps, 1))
            levels = f"arrayFilter(x -> x > 0, [{found}])::Array(Int64)"
            order = "x" if self.slack else "arrayMin(levels)"
            marks = f"arrayMap(x -> {self._mark('x', order)}, levels)"
        else:
            found = ", ".join(f"{step}, {number}" for number, step in enumerate(steps, 1))
            levels = f"toInt64(multiIf({found}, 0)) AS level, if(level > 0, [level], [])"
            marks = f"[{self._mark('level', 'level')}]"
        return f"""
            SELECT *, {marks} AS marks, {f"arrayConcat({', '.join(ends)})" if ends else "[]"}::{_MARKS} AS ends,
                   {key} AS key, {holds} AS holds
            FROM (SELECT *, {levels} AS levels FROM ({rows}) WHERE distinct_id != '' AND {everywhere})
            WHERE notEmpty(levels) OR notEmpty(ends)
        """  # noqa: S608

    def _ends(self, each: Exclusion) -> str:
        """The marks of an event that excludes: behind all steps that it may be followed by within the slack."""
        steps = range(each.after, each.before or self.last)
        marks = ", ".join(f"(at_ms + {self.slack * (step + 2)}) * 1024 + {31 * 32 + step}" for step in steps)
        found = f"event = {self.query.bind(each.event, 'String')} AND {self.query.filters(each.filters)}"
        return f"if({found}, [{marks}]::{_MARKS}, [])"

    def _holds(self) -> str:
        """What is held: an array of texts for each combination of those that the event has."""
        found = "[[]]::Array(Array(String))"
        for name in self.body.hold:
            texts = f"arrayDistinct({self.query.texts(name, 'event')})"
            each = f"arrayMap(one -> arrayPushBack(held, one), {texts})"
            found = f"arrayFold((acc, held) -> arrayConcat(acc, {each}), {found}, []::Array(Array(String)))"
        return found

    def _people(self, events: str) -> str:
        """A row per person (and text that is held): `marks`, sorted, and `firsts`, the events of step 1."""
        body = self.body
        # Which event began is of no interest where there are no segments.
        told = body.breakdown is not None
        begin = "marks" if body.order == "any" else "arrayFilter(m -> bitAnd(m, 31) = 30, marks)"
        firsts = f"arrayMap(m -> (m, insert_id, key), {begin})" if told else _NO_FIRSTS
        collected = "groupArrayArray(firsts)" if told else _NO_FIRSTS
        by = ", hold" if body.hold else ""
        if body.hold:
            # What excludes holds nothing: it is for every text of the person.
            joined = "arrayJoin(arrayConcat(arrayMap(h -> (h, marks), holds), [([], ends)])) AS one"
            events = f"SELECT *, one.1 AS hold, one.2 AS held FROM (SELECT *, {joined} FROM ({events}))"  # noqa: S608
            marks = "held"
        else:
            marks = "arrayConcat(marks, ends)" if body.exclusions else "marks"
        devices = f"""
            SELECT distinct_id{by}, groupArrayArray({marks}) AS theirs, {collected} AS theirs_first
            FROM (SELECT *, {firsts} AS firsts FROM ({events})) GROUP BY distinct_id{by}
        """  # noqa: S608
        again = "groupArrayArray(theirs_first)" if told else _NO_FIRSTS
        people = f"""
            SELECT person{by}, arraySort(groupArrayArray(theirs)) AS marks, {again} AS firsts
            FROM ({self.query.people(devices, profiles=False)}) GROUP BY person{by}
        """  # noqa: S608
        if body.hold and body.exclusions:
            excluding = "groupArrayArray(if(empty(hold), marks, [])) OVER (PARTITION BY person)"
            people = f"""
                SELECT person, hold, firsts, arraySort(arrayConcat(held, excluding)) AS marks
                FROM (SELECT person, hold, firsts, marks AS held, {excluding} AS excluding FROM ({people}))
            """  # noqa: S608
        return people if not body.hold else f"SELECT * FROM ({people}) WHERE notEmpty(hold)"  # noqa: S608

    def _levels(self, people: str) -> str:
        """With `levels`, the step of each mark (-j of one that ends attempts at step j), and `times`."""
        level = self._level("m")
        if self.body.exclusions:
            level = f"if(bitAnd(bitShiftRight(m, 5), 31) = 31, -bitAnd(m, 31), {level})"
        time = self._time("m", "if(l > 0, l, 2 - l)" if self.body.exclusions else "l")
        return f"""
            SELECT *, arrayMap((m, l) -> {time}, marks, levels) AS at
            FROM (SELECT *, arrayMap(m -> toInt8({level}), marks) AS levels FROM ({people}))
        """  # noqa: S608

    # ---- attempts ----

    def _best_attempt(self, marks: str) -> str:
        """The one that got farthest; of those the one that got there first, its other steps as late as can be."""
        start, end = self.query.bind(self.start, "Int64"), self.query.bind(self.end, "Int64")
        began = f"arrayMap((l, t) -> if(l = 1 AND t >= {start} AND t < {end}, t, 0), levels, at) AS b1"
        found = f"SELECT *, {began} FROM ({marks})"  # noqa: S608
        ending = {n for each in self.body.exclusions for n in range(each.after, each.before or self.last)}
        for step in range(2, self.last + 1):
            before = f"b{step - 1}"
            if step - 1 in ending:
                # What ends attempts leaves -1, if the step was done more than the slack earlier.
                since = f"arrayFill(x -> x > 0, arrayMap((b, t) -> if(b > 0, t, 0), {before}, at))"
                ended = f"l = {1 - step} AND s > 0 AND s < t - {self.slack}"
                before = f"arrayMap((b, l, t, s) -> if({ended}, -1, b), {before}, levels, at, {since})"
            goes_on = f"l = {step} AND b > 0 AND t <= b + {self.window}"
            found = f"""
                SELECT *, arrayMap((l, t, b) -> if({goes_on}, b, 0),
                                   levels, at, arrayFill(x -> x != 0, {before})) AS b{step}
                FROM ({found})
            """  # noqa: S608
        # The place of each step's mark: the first of the farthest step, and in front of it the last of each.
        for step in range(self.last, 0, -1):
            first = f"arrayFirstIndex(x -> x > 0, b{step})"
            if step == self.last:
                found = f"SELECT *, {first} AS i{step} FROM ({found})"  # noqa: S608
                continue
            latest = f"arrayLastIndex(x -> x > 0, arraySlice(b{step}, 1, i{step + 1} - 1))"
            found = f"SELECT *, if(i{step + 1} > 0, {latest}, {first}) AS i{step} FROM ({found})"  # noqa: S608
        path = ", ".join(f"marks[i{step}]" for step in range(1, self.last + 1))
        return f"SELECT person, firsts, arrayFilter(m -> m > 0, [{path}]) AS path FROM ({found})"  # noqa: S608

    def _any_order(self, marks: str) -> str:
        """The most different steps within one window, each the latest of it; of those the first to be complete."""
        steps = range(1, self.last + 1)
        latest = ", ".join(
            f"arrayFill(x -> x > 0, arrayMap((m, l) -> if(l = {n}, m, 0), marks, levels)) AS f{n}" for n in steps
        )
        start, end = self.query.bind(self.start, "Int64"), self.query.bind(self.end, "Int64")
        low = f"bitShiftLeft(greatest({start}, t - {self.window}), 10)"
        names = ", ".join(f"f{n}" for n in steps)
        least = f"least({', '.join(f'if(f{n} >= low, f{n}, {_NEVER})' for n in steps)})"
        count = " + ".join(f"(f{n} >= low)" for n in steps)
        good = f"arrayMap((low, {names}) -> if({least} < bitShiftLeft({end}, 10), {count}, 0), lows, {names})"
        inside = f"arrayFilter(m -> m >= lows[place], [{', '.join(f'f{n}[place]' for n in steps)}])"
        return f"""
            SELECT person, firsts, if(place > 0 AND good[place] > 0, arraySort({inside}), []::{_MARKS}) AS path FROM (
                SELECT *, indexOf(good, arrayMax(good)) AS place FROM (
                    SELECT *, {good} AS good FROM (
                        SELECT *, arrayMap(t -> {low}, at) AS lows, {latest} FROM ({marks})
                    )
                )
            )
        """  # noqa: S608

    def _every_attempt(self, marks: str) -> str:
        """Every attempt; the next begins when the one before is completed, is ended, or its window is over.

        State: the marks of the attempt that goes on, when it began, when its last step was, and those before it.
        """
        start, end = self.query.bind(self.start, "Int64"), self.query.bind(self.end, "Int64")
        over = f"(l > 0 AND t > acc.2 + {self.window})"
        ended = f"(l < 0 AND length(acc.1) = -l AND acc.3 < t - {self.slack})"
        stops = f"(notEmpty(acc.1) AND ({over} OR {ended}))"
        going = f"if({stops}, []::{_MARKS}, acc.1)"
        begins = f"(empty({going}) AND l = 1 AND t >= {start} AND t < {end})"
        goes_on = f"(notEmpty({going}) AND l = length({going}) + 1)"
        longer = f"if({begins} OR {goes_on}, arrayPushBack({going}, m), {going})"
        complete = f"(length({longer}) = {self.last})"
        fold = f"""arrayFold((acc, m, l, t) -> (
            if({complete}, []::{_MARKS}, {longer}), if({begins}, t, acc.2), if({begins} OR {goes_on}, t, acc.3),
            arrayConcat(acc.4, if({stops}, [acc.1], []), if({complete}, [{longer}], []))
        ), marks, levels, at, ([]::{_MARKS}, 0::Int64, 0::Int64, []::Array({_MARKS})))"""
        return f"""
            SELECT person, firsts, arrayJoin(arrayPushBack(done.4, done.1)) AS path
            FROM (SELECT *, {fold} AS done FROM ({marks}))
        """  # noqa: S608
