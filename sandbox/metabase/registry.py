"""What a handler gets and gives, and which handler answers which endpoint of the contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.metabase.store import Document, Store


class Background(Protocol):
    """Runs work after the answer, as Metabase's own threads do."""

    def __call__(self, work: Callable[[], None]) -> None:
        """Start `work` now and return at once."""


@dataclass(frozen=True)
class Call:
    """One request that the contract allows, by a caller who may make it."""

    store: Store
    background: Background
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    user: Document | None = None
    session: str | None = None

    @property
    def number(self) -> int:
        """The number in the path."""
        return int(self.path["id"])

    @property
    def caller(self) -> Document:
        """The user who asks; only for endpoints that need a credential."""
        assert self.user is not None
        return self.user


@dataclass(frozen=True)
class Plain:
    """An answer that is not the contract's JSON: another status, or bytes of another type."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"


Handler = Callable[[Call], Any]
HANDLERS: dict[str, Handler] = {}


def handles(endpoint: str) -> Callable[[Handler], Handler]:
    """Make a function the handler of an endpoint; what it returns is the body of the success."""

    def register(handler: Handler) -> Handler:
        assert endpoint not in HANDLERS, endpoint
        HANDLERS[endpoint] = handler
        return handler

    return register
