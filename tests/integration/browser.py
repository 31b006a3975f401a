"""A headless Chromium that opens a page and answers questions about it, over its debugging pipe."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")


class Tab:
    """One page. `complaints` are its errors, warnings and what its policy forbade, as they come."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self.complaints: list[str] = []
        self._to, self._from = to_browser, from_browser
        self._unread = b""
        self._session: dict[str, str] = {}
        self._numbers = itertools.count(1)
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Runtime", "Log"):
            self.command(f"{domain}.enable")

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters, **self._session}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != number:
            self._note(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, page: Path) -> None:
        """Load a page, wholly."""
        self.command("Page.navigate", url=page.as_uri())
        while (event := self._next()).get("method") != "Page.loadEventFired":
            self._note(event)

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""
        answer = self.command("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(event["params"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            read = os.read(self._from, 1 << 16)
            assert read, "the browser has gone"
            self._unread += read
        message, _, self._unread = self._unread.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def browser(profile: Path, *, width: int = 1280) -> Iterator[Tab]:
    """A tab of a browser of its own, that reaches no network."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.fail("a browser is the judge of these tests and is missing: install the package chromium")
    browser_reads, to_browser = os.pipe()
    from_browser, browser_writes = os.pipe()
    # Chromium's pipe is file descriptors 3 and 4; the shell puts ours there.
    command = f'exec "$0" "$@" 3<&{browser_reads} 4>&{browser_writes}'
    options = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"),
        *("--disable-background-networking", "--proxy-server=127.0.0.1:9", f"--user-data-dir={profile}"),
        f"--window-size={width},900",
    )
    with subprocess.Popen(
        ["bash", "-c", command, program, *options],
        pass_fds=(browser_reads, browser_writes),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(browser_reads)
        os.close(browser_writes)
        try:
            yield Tab(to_browser, from_browser)
        finally:
            os.close(to_browser)
            os.close(from_browser)
            process.terminate()
