"""Says why a file is missing: a name beside it may differ in case or in Unicode normalization only."""

from __future__ import annotations

import os
import unicodedata

# A folder's names: as they are, composed, and folded.
Listing = tuple[frozenset[str], frozenset[str], frozenset[str]]

# By device, inode and modification time: a folder of 100,000 files is listed once, not once for each file that is
# missing from it.
_listings: dict[tuple[int, int, int], Listing] = {}
_LISTINGS_KEPT = 16


def twin_of(name: str, folder: int) -> str | None:
    """The reason code when `folder` holds a twin of the missing `name`, else None.

    Args:
        name: one path component.
        folder: descriptor of an open folder.
    """
    status = os.fstat(folder)
    key = (status.st_dev, status.st_ino, status.st_mtime_ns)
    listing = _listings.get(key)
    if listing is None:
        listing = _list(folder)
        if len(_listings) >= _LISTINGS_KEPT:
            _listings.clear()
        _listings[key] = listing
    names, composed, folded = listing
    if name in names:
        return None  # it came after we looked
    if _composed(name) in composed:
        return "file_normalization_mismatch"
    return "file_case_mismatch" if _folded(name) in folded else None


def _list(folder: int) -> Listing:
    try:
        # A descriptor of its own: threads that list through a shared one would each see a part of the names.
        own = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return frozenset(), frozenset(), frozenset()
    try:
        names = os.listdir(own)  # noqa: PTH208 - pathlib has no descriptors
    finally:
        os.close(own)
    return frozenset(names), frozenset(map(_composed, names)), frozenset(map(_folded, names))


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _folded(name: str) -> str:
    return _composed(_composed(name).casefold())
