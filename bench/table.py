"""What a benchmark reports: a figure, its peer's in the same run, and the goal for their ratio."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """`ours` and `peer` are texts with units; `value` is what `goal` (`<= 0.65`, `>= 0.25`) is about."""

    what: str
    ours: str
    peer: str
    value: float
    goal: str = ""

    @property
    def met(self) -> bool | None:
        if not self.goal:
            return None
        sign, limit = self.goal.split()
        return self.value <= float(limit) if sign == "<=" else self.value >= float(limit)


def show(title: str, rows: Iterable[Row]) -> bool:
    """Print one benchmark's table; False when a goal was missed."""
    table = Table("what", "ours", "peer", "value", "goal", "", title=title, title_justify="left")
    good = True
    for row in rows:
        verdict = {None: "", True: "met", False: "MISSED"}[row.met]
        good = good and row.met is not False
        table.add_row(row.what, row.ours, row.peer, f"{row.value:.3g}", row.goal, verdict)
    Console(width=140).print(table)
    return good
