"""Entry of `python -m sandbox`."""

from __future__ import annotations

from loaders.cli import run
from sandbox.cli import app

if __name__ == "__main__":
    run(app)
