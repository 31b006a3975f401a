"""Starts and ends server processes, each known by the private folder it runs in, not by a remembered pid.

Whoever was killed, starter or server, a later start finds what still runs in the folder, even once the folder is gone.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from loaders.errors import ServiceError

# A Popen that is collected while its server runs warns, and the tests turn warnings into errors.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Program:
    """A server program, or a Python module: its name, whom root runs it as, and which signal stops it cleanly."""

    name: str
    accounts: tuple[str, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM


def unprivileged_account(program: Program) -> pwd.struct_passwd | None:
    """The account that root runs `program` as; None when we are not root or the program has no need of one.

    Raises:
        ServiceError: root has none of the accounts.
    """
    if os.geteuid() != 0 or not program.accounts:
        return None
    for name in program.accounts:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServiceError(
        f"{program.name} must not run as root, and none of these users exists: {', '.join(program.accounts)}",
        hint="Create one of them, or run the sandbox as a normal user.",
    )


def run_as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments of subprocess calls that make the child run as `account`."""
    return {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def can_reach(folder: Path, account: pwd.struct_passwd) -> bool:
    """Whether `account` may pass through every folder above `folder`; a checkout in root's home stops it."""
    groups = os.getgrouplist(account.pw_name, account.pw_gid)
    for parent in folder.absolute().parents:
        if not parent.exists():
            continue
        status = parent.stat()
        if status.st_uid == account.pw_uid:
            needed = stat.S_IXUSR
        else:
            needed = stat.S_IXGRP if status.st_gid in groups else stat.S_IXOTH
        if not status.st_mode & needed:
            return False
    return True


def private_folder(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """Create `folder` for one server, readable by `account` (and root) alone.

    Raises:
        ServiceError: `account` cannot get there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if account is not None and not can_reach(folder, account):
        raise ServiceError(
            f"user {account.pw_name}, whom root runs this server as, cannot reach {folder}",
            hint="Set TMPDIR to a folder that everybody may pass through, such as /var/tmp.",
        )
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)
    return folder


def write_private(path: Path, text: str, account: pwd.struct_passwd | None) -> None:
    """Write a file that `account` (and root) alone can read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def free_port() -> int:
    """A TCP port that nobody listens on at 127.0.0.1 right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Whether 127.0.0.1:`port` can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def running_in(folder: Path, program: Program) -> list[psutil.Process]:
    """Processes of `program` whose working folder is `folder` or lies below it, children of the server included."""
    home = folder.resolve()
    found = []
    for process in psutil.process_iter():
        try:
            working_folder, command = process.cwd(), process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if Path(working_folder).is_relative_to(home) and _is(program, command):
            found.append(process)
    return found


def _is(program: Program, command: Sequence[str]) -> bool:
    """Whether it is `program`, `sh program`, `python -m program`, or a child such as `postgres: checkpointer`."""
    if not command:
        return False
    return (
        any(Path(word).name == program.name for word in command[:2])
        or command[0].startswith(f"{program.name}: ")
        or list(command[1:3]) == ["-m", program.name]
    )


def main_process(folder: Path, program: Program) -> psutil.Process | None:
    """The server's own process in `folder`, not one of its children; None when it does not run."""
    processes = running_in(folder, program)
    pids = {process.pid for process in processes}
    return next((process for process in processes if _parent_pid(process) not in pids), None)


def stop(folder: Path, program: Program, *, seconds: float = 20) -> None:
    """End every process of `program` in `folder`: first politely, then by SIGKILL; harmless when none runs.

    Raises:
        ServiceError: a process outlived SIGKILL.
    """
    processes = running_in(folder, program)
    pids = {process.pid for process in processes}
    for process in processes:
        if _parent_pid(process) not in pids:
            _send(process, program.stop_signal)
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    for process in alive:
        _send(process, signal.SIGKILL)
    _, alive = psutil.wait_procs(alive, timeout=seconds)
    _reap()
    if alive:
        raise ServiceError(
            f"{program.name} (pid {alive[0].pid}) survived SIGKILL", hint="Its disk may hang; look at dmesg."
        )


def _parent_pid(process: psutil.Process) -> int | None:
    try:
        return int(process.ppid())
    except psutil.NoSuchProcess:
        return None


def _send(process: psutil.Process, number: signal.Signals) -> None:
    # psutil compares the start time first, so a pid that was given to another process meanwhile is never signalled.
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _reap() -> None:
    for child in _children:
        child.poll()


def start(
    program: Program,
    folder: Path,
    command: Callable[[int], Sequence[str]],
    is_ready: Callable[[int], bool],
    *,
    account: pwd.struct_passwd | None = None,
    environment: Callable[[int], Mapping[str, str]] = lambda port: {},
    preferred_port: int | None = None,
    seconds: float = 60,
) -> int:
    """Start a server in `folder` and wait until it answers.

    A server of that folder which answers on its earlier port is kept; one that does not, as a killed starter may leave
    it, is ended first.

    Args:
        program: the server program.
        folder: its private folder; becomes its working folder and holds `server.log`.
        command: gives the command line for a port.
        is_ready: tells whether the server on a port answers.
        account: whom to run it as.
        environment: gives variables added to ours for a port.
        preferred_port: the port it had before; taken again when free.
        seconds: how long to wait for an answer.

    Returns:
        The port.

    Raises:
        ServiceError: the server ended or did not answer in time; the hint names its log.
    """
    if preferred_port and running_in(folder, program) and is_ready(preferred_port):
        return preferred_port
    stop(folder, program)
    log_path = folder / "server.log"
    for _attempt in range(3):
        port = preferred_port if preferred_port and port_is_free(preferred_port) else free_port()
        with log_path.open("ab") as log:
            child = subprocess.Popen(
                list(command(port)),
                cwd=folder,
                env={**os.environ, **environment(port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **run_as(account),
            )
        _children.append(child)
        deadline = time.monotonic() + seconds
        while child.poll() is None and time.monotonic() < deadline:
            if is_ready(port):
                return port
            time.sleep(0.05)
        if child.returncode is None:
            break
        if port_is_free(port):
            break  # it ended for another reason than a port that somebody took in between
    stop(folder, program)
    raise ServiceError(f"{program.name} did not start in {folder}", hint=f"The end of {log_path} says why.")
