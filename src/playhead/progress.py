"""How far an import is, for people: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

LINE_SECONDS = 5.0


class Step(Protocol):
    """A file, how much of it was read (of how much, if that is known), and how many were taken from it."""

    @property
    def file(self) -> str: ...
    @property
    def read_bytes(self) -> int: ...
    @property
    def total_bytes(self) -> int | None: ...
    @property
    def taken(self) -> int: ...


@contextmanager
def shown(console: Console, what: str) -> Iterator[Callable[[Step], None]]:
    """Yields what is to be told each step of an import of `what`."""
    if console.is_terminal:
        with Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TextColumn(f"{{task.fields[taken]:,}} {what} · {{task.fields[rate]:,.0f}}/s"),
            TimeRemainingColumn(),
            console=console,
        ) as bar:
            yield _Bars(bar)
    else:
        yield _Lines(console, what)


class _Bars:
    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._tasks: dict[str, tuple[object, float]] = {}

    def __call__(self, step: Step) -> None:
        if step.file not in self._tasks:
            task = self._bar.add_task(step.file, total=step.total_bytes, taken=0, rate=0)
            self._tasks[step.file] = (task, time.monotonic())
        task_id, began = self._tasks[step.file]
        rate = step.taken / max(time.monotonic() - began, 0.001)
        self._bar.update(task_id, completed=step.read_bytes, taken=step.taken, rate=rate)  # type: ignore[arg-type]


class _Lines:
    def __init__(self, console: Console, what: str) -> None:
        self._console = console
        self._what = what
        self._began = self._said = time.monotonic()

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        if now - self._said < LINE_SECONDS:
            return
        self._said = now
        share = f", {step.read_bytes / step.total_bytes:.0%} of the file" if step.total_bytes else ""
        rate = step.taken / max(now - self._began, 0.001)
        self._console.print(f"{step.file}: {step.taken:,} {self._what}{share}, {rate:,.0f}/s", markup=False)
