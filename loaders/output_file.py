"""Files that somebody asked to have written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loaders.errors import ConfigurationError


@contextmanager
def writing(path: Path, *, hint: str) -> Iterator[None]:
    """Around the writing of a file.

    Args:
        path: the file, for the message.
        hint: what to do when it cannot be written.

    Raises:
        ConfigurationError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written ({error.strerror})", hint=hint) from None
