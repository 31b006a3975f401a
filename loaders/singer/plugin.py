"""What tap and target share as programs: their arguments' files, and how an error leaves them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from rich.markup import escape

from loaders.console import stderr
from loaders.ending import run_to_its_end
from loaders.errors import ConfigurationError

Config = TypeVar("Config", bound=BaseModel)


def read_json(path: Path, what: str) -> Any:
    """Read a JSON file given on the command line.

    Raises:
        ConfigurationError: it cannot be read, or holds no JSON; its content is not repeated.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"cannot read the {what} {path}: {type(error).__name__}") from None


def read_config(path: Path, model: type[Config]) -> Config:
    """Read a plugin's settings.

    Raises:
        ConfigurationError: names each setting that is missing or wrong, without its value.
    """
    try:
        return model.model_validate(read_json(path, "config"))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise ConfigurationError(
            "settings are missing or wrong: " + "; ".join(faults),
            hint="Meltano takes them from the environment and .env; .env.example lists each.",
        ) from None


def report(text: str) -> None:
    """Tell the operator one thing, on stderr."""
    stderr.print(escape(text), soft_wrap=True)


def run(main: Callable[[], None]) -> None:
    """Run a plugin; turn an error into its message, its hint and its exit code."""
    run_to_its_end(main, interrupted="interrupted; nothing half-loaded was kept, run it again")
