"""Failpoints are armed by the sandbox's environment alone."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from loaders import failpoints


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    signals: list[int] = []
    monkeypatch.setattr(failpoints.os, "kill", lambda _pid, number: signals.append(number))
    monkeypatch.setattr(failpoints, "_hits", Counter())
    return signals


@pytest.mark.parametrize("environment", ["production", "rehearsal", None])
def test_a_failpoint_does_nothing_outside_the_sandbox(
    environment: str | None, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DTX_FAILPOINT", "files.after_put")
    monkeypatch.delenv("DTX_ENVIRONMENT", raising=False)
    if environment:
        monkeypatch.setenv("DTX_ENVIRONMENT", environment)
    failpoints.failpoint("files.after_put")
    assert sent == []


@pytest.mark.parametrize(
    ("armed", "passed", "expected"),
    [
        ("point", ["other", "point", "point"], [signal.SIGKILL]),
        ("point@3", ["point", "point"], []),
        ("point@3", ["point", "point", "point", "point"], [signal.SIGKILL]),
        ("point=SIGINT", ["point"], [signal.SIGINT]),
        ("point@2=SIGTERM", ["point", "point"], [signal.SIGTERM]),
    ],
)
def test_a_failpoint_sends_its_signal_once(
    armed: str, passed: list[str], expected: list[int], sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DTX_FAILPOINT", armed)
    monkeypatch.setenv("DTX_ENVIRONMENT", "sandbox")
    for name in passed:
        failpoints.failpoint(name)
    assert sent == expected
