"""What a preflight finds, and what each finding does to the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from loaders.console import print_table
from loaders.errors import RefusedError

# blocks: nothing is published. holds: this model is not, for a decision or for what a preflight model answers.
# rejects: these rows are rejected with a reason. note: to know.
Effect = Literal["blocks", "holds", "rejects", "note"]
_ORDER: Sequence[Effect] = ("blocks", "holds", "rejects", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: where (table.column or model), what, how many rows where that is known, and what to do."""

    effect: Effect
    model: str
    where: str
    problem: str
    what_to_do: str = ""
    rows: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The finding as it stands in `--json`."""
        return asdict(self)


def refuse_if_blocked(findings: Iterable[Finding]) -> None:
    """Stop when a finding blocks.

    Raises:
        RefusedError: names every blocking finding.
    """
    blocking = [finding for finding in findings if finding.effect == "blocks"]
    if not blocking:
        return
    listed = "; ".join(f"{finding.where}: {finding.problem}" for finding in blocking)
    raise RefusedError(
        f"the preflight blocks, nothing was written; {len(blocking)} to put right: {listed}",
        hint="; ".join(dict.fromkeys(finding.what_to_do for finding in blocking if finding.what_to_do)),
    )


def print_findings(findings: Sequence[Finding]) -> None:
    """Print the findings as a table, the gravest first."""
    ordered = sorted(findings, key=lambda finding: (_ORDER.index(finding.effect), finding.model, finding.where))
    print_table(
        "Preflight",
        ("effect", "model", "where", "what", "rows", "what to do"),
        [
            (
                finding.effect,
                finding.model,
                finding.where,
                finding.problem,
                "" if finding.rows is None else f"{finding.rows:,}",
                finding.what_to_do,
            )
            for finding in ordered
        ],
    )
