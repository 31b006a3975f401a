"""Hostile payloads: nothing is imported, built or run for them, and they cost bounded time and memory (D2, D5).

Each test runs in a process of its own: an audit hook cannot be taken off again, and memory is counted per process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

PAYLOADS = """
from loaders.php.scanner import Limits
MEGABYTE = Limits().payload_bytes

def filled(head, unit, tail=b""):
    return head + unit * ((MEGABYTE - len(head) - len(tail)) // len(unit)) + tail

def array(element, count):
    numbers = element.count(b"%")
    return b"a:%d:{%s}" % (count, b"".join(element % ((n,) * numbers) for n in range(count)))

HOSTILE = {
    "object": b'O:8:"Evil":1:{s:3:"cmd";s:6:"rm -rf";}',
    "object in an array": b'a:1:{i:0;O:10:"subprocess":1:{s:4:"args";s:2:"ls";}}',
    "object as a key": b'a:1:{O:2:"os":0:{}i:1;}',
    "custom serialization": b'C:7:"builtin":4:{exec}',
    "enum": b'E:11:"os:environ";',
    "object nested deep": b'a:1:{i:0;' * 60 + b'O:2:"os":0:{}' + b"}" * 60,
    "depth 100,000": b"a:1:{i:0;" * 100_000 + b"}" * 100_000,
    "depth without end": filled(b"", b"a:1:{i:0;"),
    "count past the bytes": b"a:2000000000:{}",
    "length past the bytes": b's:999999999999:"x";',
    "self-reference": b"a:1:{i:0;R:1;}",
    "bad reference": b"a:1:{i:0;R:4294967296;}",
    "a megabyte of references": filled(b'a:10000:{i:0;s:1:"x";', b"i:1;R:2;"),
    "a megabyte of digits": filled(b"i:", b"9", b";"),
    "a megabyte of a double's digits": filled(b"d:0.", b"9", b";"),
    "a megabyte of a length's digits": filled(b"s:", b"0", b'1:"x";'),
    "a megabyte of backslashes": filled(b"s:1:", b"\\\\"),
    "a megabyte of entities": filled(b"s:1:", b"&amp;"),
    "a megabyte without the end of its string": filled(b's:5:"', b'"'),
    "a megabyte of ends of strings": filled(b's:5:"', b'";'),
    "a megabyte of wrong lengths": filled(b"a:10000:{", b'i:0;s:2:"x";', b"}"),
    "ten thousand wrong lengths": b"a:10000:{" + b'i:0;s:2:"x";' * 10_000 + b"}",
    "ten thousand elements": array(b'i:%d;s:8:"@b.cd000";', 10_000),
    "ten thousand domains": array(b'i:%d;s:14:"a@%06d.email";', 10_000),
    "ten thousand empty arrays": array(b"i:%d;a:0:{}", 9_999),
    "a megabyte of one address": b's:1048002:"a@' + b"b." * 524_000 + b'";',
    "a megabyte in front of @": b's:1048002:"' + b"a" * 1_048_000 + b'@b";',
    "a megabyte of bare addresses": filled(b"", b"a@b.com,"),
    "a megabyte of blanks": b" " * MEGABYTE,
    "64 megabytes": b'a:1:{i:0;s:1:"' * 4_800_000,
}
"""

AUDITED = """
import json, sys
from loaders.php.charsets import DECODERS
from loaders.php.email_list import read_email_list
from loaders.php.repair import recount_lengths

# Libraries load their tables at their first use; what is watched is what a payload can cause.
read_email_list('a:1:{i:0;s:13:"a@münchen.de";}'.encode(), DECODERS["utf8mb4"])
recount_lengths(b's:9:"x";')
events, watching = [], True
FORBIDDEN = ("import", "exec", "compile", "open", "os.", "subprocess.", "socket.", "ctypes.", "marshal.", "pickle.",
             "object.__setattr__", "object.__getattr__", "code.__new__", "function.__new__", "builtins.")
sys.addaudithook(lambda name, _: watching and name.startswith(FORBIDDEN) and events.append(name))
reasons = {}
for name, payload in HOSTILE.items():
    reasons[name] = read_email_list(payload, DECODERS["latin1"])[0].reason
    recount_lengths(payload)
watching = False
print(json.dumps({"events": events, "reasons": reasons}))
"""

MEASURED = """
import json, resource, time
from loaders.php.charsets import DECODERS
from loaders.php.email_list import read_email_list
from loaders.php.repair import recount_lengths

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
seconds = {}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name, payload in HOSTILE.items():
    started = time.process_time()
    read_email_list(payload, DECODERS["latin1"])
    recount_lengths(payload)
    seconds[name] = time.process_time() - started
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "kilobytes": after - before}))
"""


def run(script: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", PAYLOADS + script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="module")
def audited() -> dict[str, Any]:
    return run(AUDITED)


def test_d2_no_import_no_code_no_file(audited: dict[str, Any]) -> None:
    assert audited["events"] == []


def test_d2_the_hook_would_have_seen_it() -> None:
    careless = AUDITED.replace("\nwatching = False", "\ncompile('1', '', 'eval')\nwatching = False")
    assert run(careless)["events"] == ["compile"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("object", "object"),
        ("object in an array", "object"),
        ("object as a key", "object"),
        ("custom serialization", "object"),
        ("enum", "object"),
        ("object nested deep", "object"),
        ("depth 100,000", "limit"),
        ("depth without end", "limit"),
        ("count past the bytes", "limit"),
        ("length past the bytes", "limit"),
        ("self-reference", "reference"),
        ("bad reference", "reference"),
        ("a megabyte of references", "reference"),
        ("a megabyte of digits", "limit"),
        ("a megabyte of a double's digits", "limit"),
        ("a megabyte of a length's digits", "limit"),
        ("64 megabytes", "limit"),
    ],
)
def test_d2_d5_reasons(audited: dict[str, Any], payload: str, reason: str) -> None:
    assert audited["reasons"][payload] == reason


def test_d5_time_and_memory_are_bounded() -> None:
    measured = run(MEASURED)
    assert len(measured["seconds"]) == 30
    assert {name: spent for name, spent in measured["seconds"].items() if spent > 2} == {}
    assert measured["kilobytes"] < 65_536
