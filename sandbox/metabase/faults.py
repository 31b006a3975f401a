"""Faults that a test orders: error answers, dropped connections, slow answers. There is no HTTP route to them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal


@dataclass
class Fault:
    """What happens to the next `times` requests of an endpoint.

    `status` answers at once and does nothing; `drop` breaks the connection before or after the work is done; `seconds`
    delays the answer.
    """

    endpoint: str
    times: int
    status: int | None = None
    retry_after: int | None = None
    drop: Literal["before", "after"] | None = None
    seconds: float = 0


class Faults:
    """The faults on order; each is taken as often as it says, the oldest of an endpoint first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Add a fault."""
        with self._lock:
            self._ordered.append(fault)

    def take(self, endpoint: str) -> Fault | None:
        """The fault that the next request of this endpoint meets, or None."""
        with self._lock:
            for fault in self._ordered:
                if fault.endpoint == endpoint and fault.times:
                    fault.times -= 1
                    return fault
        return None

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._ordered.clear()
