"""The dispatch migration's decisions, as the register has them."""

from __future__ import annotations

import csv
from pathlib import Path

from loaders.settings import PROJECT_ROOT

REGISTER = PROJECT_ROOT / "seeds" / "dispatch" / "ledger" / "decisions.csv"


def chosen_options(register: Path = REGISTER) -> frozenset[str]:
    """The option that each decision has chosen; their names are unique."""
    with register.open(encoding="utf-8", newline="") as lines:
        return frozenset(line["chosen"] for line in csv.DictReader(lines))
