"""What people see: tables, progress with rate and ETA, plain lines when there is no terminal, JSON for machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

# The report goes to stdout, everything else to stderr, so that `--json | jq` always works.
stdout = Console(highlight=False)
stderr = Console(stderr=True, highlight=False)

_PLAIN_INTERVAL_SECONDS = 10.0


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document on stdout; its `schema` key names and versions its shape."""
    sys.stdout.write(json.dumps(document, indent=2, default=str) + "\n")


def visible(text: str) -> str:
    """The text with each control or format character as its escape, such as \\x1b: no value steers a terminal (X1)."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; a column whose cells are all numbers is right-aligned.

    Cells are data: no markup, `visible`. A `Text` is one that the caller has styled; without a terminal it is plain.
    """
    table = Table(title=title, title_justify="left", header_style="bold")
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_rendered, row))
    if not stdout.is_terminal:
        # A log file has no width of its own: let the table be as wide as it needs.
        Console(file=sys.stdout, highlight=False, width=200).print(table)
        return
    stdout.print(table)


def _rendered(cell: object) -> Text:
    if isinstance(cell, Text):
        return cell
    return Text(f"{cell:,}" if isinstance(cell, int | float) else visible(str(cell)))


class Meter:
    """A counter that shows itself: a bar in a terminal, one line each ten seconds elsewhere."""

    def __init__(self, label: str, total: int | None, unit: str, progress: Progress | None) -> None:
        self.done = 0
        self._note = ""
        self._label, self._total, self._unit, self._progress = label, total, unit, progress
        self._task = progress.add_task(label, total=total, unit=unit, rate="") if progress else None
        self._started = self._shown = time.monotonic()

    def advance(self, count: int = 1, note: str = "") -> None:
        """Count `count` further units as done; `note` is shown beside the rate."""
        self.done += count
        self._note = f", {note}" if note else ""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=count, rate=f"{self.rate():,.0f} {self._unit}/s{self._note}")
        elif time.monotonic() - self._shown >= _PLAIN_INTERVAL_SECONDS:
            self._shown = time.monotonic()
            stderr.print(self._line(), soft_wrap=True)

    def rate(self) -> float:
        """Units a second since the start."""
        return self.done / max(time.monotonic() - self._started, 1e-6)

    def _line(self) -> str:
        if not self._total:
            return f"{self._label}: {self.done:,} {self._unit}, {self.rate():,.0f}/s{self._note}"
        eta = max(self._total - self.done, 0) / max(self.rate(), 1e-6)
        done = f"{self._label}: {self.done:,} of {self._total:,} {self._unit}"
        return f"{done}, {self.rate():,.0f}/s{self._note}, ETA {eta:,.0f} s"


@contextmanager
def meter(label: str, total: int | None, unit: str) -> Iterator[Meter]:
    """Show the progress of one piece of work.

    Args:
        label: what is being done.
        total: how many units there are, None when nobody knows.
        unit: the unit's plural, such as `rows`.
    """
    if not stderr.is_terminal:
        yield Meter(label, total, unit, None)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=stderr, transient=True) as progress:
        yield Meter(label, total, unit, progress)
