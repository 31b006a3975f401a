"""Which code writes a ledger row."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
from functools import cache

from loaders.settings import PROJECT_ROOT


@cache  # asked for by every batch, and git is a process
def code_version() -> str:
    """The package's version, and the commit it stands at where git can tell."""
    try:
        version = importlib.metadata.version("dtx-migration")
    except importlib.metadata.PackageNotFoundError:
        version = "not installed"
    git = shutil.which("git")
    if git is None or not (PROJECT_ROOT / ".git").exists():
        return version
    commit = subprocess.run(
        [git, "-C", PROJECT_ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False
    )
    return f"{version}+{commit.stdout.strip()}" if commit.returncode == 0 else version
