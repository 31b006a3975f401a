"""The EFS tree: ordinary files, and the shapes that a copier must not fall for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sandbox.generator.plan import Dice, GeneratorError, Plan

# 2023-11-14: files of DTX 1.0 are old, and equal runs leave equal trees.
_MODIFIED = 1_700_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that lies in the tree.

    Args:
        path: below the root, exactly as its bytes on disk (UTF-8).
        kind: file, empty, folder, fifo, link or unreadable.
        argument: a link's target; for a file, the number that its content is made from (its own when empty).
        size: a file's size in bytes; an ordinary one when 0.
    """

    path: str
    kind: str = "file"
    argument: str = ""
    size: int = 0


class Tree:
    """Writes entries below a root.

    Raises:
        GeneratorError: the root holds something already.
    """

    def __init__(self, root: Path, plan: Plan) -> None:
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise GeneratorError("the EFS folder is not empty", hint="Generate into an empty folder.")
        self._root = root
        self._smallest, largest = plan.file_bytes
        self._sizes = largest - self._smallest + 1
        self._dice = Dice(plan.seed, "efs")
        self._noise = Random(plan.seed).randbytes(largest + 4096)

    def write(self, entry: Entry, number: int) -> int:
        """Write one entry; `number` is the repo_file_id its content is made from. Its size in bytes."""
        path = self._root / entry.path
        if not path.parent.exists():
            path.parent.mkdir(parents=True)
        if entry.kind == "folder":
            path.mkdir()
        elif entry.kind == "fifo":
            os.mkfifo(path)
        elif entry.kind == "link":
            path.symlink_to(entry.argument)
        else:
            content = b"" if entry.kind == "empty" else self._content(int(entry.argument or number), entry.size)
            path.write_bytes(content)
            os.utime(path, (_MODIFIED, _MODIFIED))
            if entry.kind == "unreadable":
                path.chmod(0)
            return len(content)
        return 0

    def _content(self, number: int, size: int) -> bytes:
        size = size or self._smallest + self._dice.roll(number, 0, self._sizes)
        head = b"%d repo_file\n" % number
        start = self._dice.roll(number, 1, 4096)
        body = self._noise[start : start + size]
        repeats = -(-size // max(len(body), 1))
        return (head + body * repeats)[:size]
