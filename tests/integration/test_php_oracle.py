"""PHP itself judges the decoder (reliability D1-D3): what we accept PHP accepts, and its value is ours.

Where PHP 8.2 accepts and we refuse, the reason is one of STRICTER, the written list; see also loaders/php/scanner.py:

- `trailing_bytes`: PHP stops at the value's end without a word.
- `object`: PHP builds an object, or a placeholder of one.
- `reference`: PHP makes two places share one value, or puts an array into itself.
- `unexpected_type`: `S:`, an escaped string, which no PHP since 5.2 writes.
- `number_out_of_range`: PHP clamps an integer with a warning; INF and NAN are no numbers.
- `limit`: depth, elements and bytes; PHP also reads a length of 2^64 + 5 as 5.
"""

from __future__ import annotations

import base64
import json
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import phpserialize
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.php.diagnosis import PayloadRefused
from loaders.php.values import decode

STRICTER = {"trailing_bytes", "object", "reference", "unexpected_type", "number_out_of_range", "limit"}
PAYLOADS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "php_payloads.yaml").read_text())

Ask = Callable[[bytes], dict[str, Any]]


@pytest.fixture(scope="module")
def php() -> Iterator[Ask]:
    """One PHP process that answers any number of payloads."""
    program = shutil.which("php")
    if program is None:
        pytest.fail("PHP is the judge of these tests and is missing: install the package php-cli")
    command = [program, "-n", str(Path(__file__).with_name("php_oracle.php"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        stdin, stdout = process.stdin, process.stdout

        def ask(payload: bytes) -> dict[str, Any]:
            stdin.write(struct.pack(">I", len(payload)) + payload)
            stdin.flush()
            answer: dict[str, Any] = json.loads(stdout.readline())
            return answer

        yield ask
        stdin.close()


def tagged(value: object) -> list[Any]:
    """Our value in the shape of php_oracle.php; a float as its bits, an array in its order."""
    match value:
        case None:
            return ["null"]
        case bool():
            return ["bool", value]
        case int():
            return ["int", str(value)]
        case float():
            return ["float", struct.pack(">d", value).hex()]
        case bytes():
            return ["bytes", base64.b64encode(value).decode()]
        case dict():
            return ["array", [[tagged(key), tagged(item)] for key, item in value.items()]]
    raise TypeError(type(value))


def hold_against(php: Ask, payload: bytes) -> str | None:
    """Assert that PHP agrees with our verdict; return our reason."""
    answer = php(payload)
    try:
        value, _ = decode(payload)
    except PayloadRefused as refused:
        assert not answer["accepted"] or refused.reason in STRICTER, (payload, refused.reason)
        return refused.reason
    assert answer == {"accepted": True, "messages": [], "value": tagged(value)}, payload
    return None


@pytest.mark.parametrize("line", PAYLOADS, ids=lambda line: ascii(line["payload"]))
def test_d1_d2_d3_the_corpus(php: Ask, line: dict[str, Any]) -> None:
    payload = line["payload"].encode("latin-1")
    assert hold_against(php, payload) == line.get("reason")
    assert php(payload)["accepted"] == ("reason" not in line or line.get("php") == "accepts")


def test_d1_every_stricter_rule_is_met_by_a_payload_that_php_accepts() -> None:
    assert {line["reason"] for line in PAYLOADS if line.get("php") == "accepts"} == STRICTER


def test_d1_phpserialize_alone_would_not_do(php: Ask) -> None:
    """What the scanner is for: phpserialize takes these, PHP does not."""
    loose = [line["payload"].encode("latin-1") for line in PAYLOADS if line.get("reason") == "syntax"]
    taken = [payload for payload in loose if _phpserialize_takes(payload)]
    assert len(taken) >= 16
    assert not any(php(payload)["accepted"] for payload in taken)


def _phpserialize_takes(payload: bytes) -> bool:
    try:
        phpserialize.loads(payload)
    except (ValueError, TypeError, OverflowError):
        return False
    return True


# -- made-up values ---------------------------------------------------------------------------------------------------

INTEGERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-3, 12))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
STRINGS = st.one_of(
    st.binary(max_size=12),
    INTEGERS.map(lambda number: str(number).encode()),
    st.sampled_from([b'";', b'";i:1;', b"}", b"N;", b"01", b"-0", b"1.5", b"9223372036854775808", b"a@b.com"]),
)
SCALARS = st.one_of(st.none(), st.booleans(), INTEGERS, FLOATS, STRINGS)


def serialize_scalar(value: object) -> bytes:
    return bytes(phpserialize.dumps(value))


def serialize_array(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Unlike a dict, with keys twice and `"1"` beside `1`, as a foreign writer may leave them."""
    return b"a:%d:{%s}" % (len(pairs), b"".join(key + value for key, value in pairs))


KEYS = st.one_of(INTEGERS, STRINGS).map(serialize_scalar)
VALUES = st.recursive(
    SCALARS.map(serialize_scalar),
    lambda values: st.lists(st.tuples(KEYS, values), max_size=5).map(serialize_array),
    max_leaves=12,
)
FRAGMENTS = st.sampled_from(
    b"""N; b:1; i:0; i:1; d:1.5; s:1:"a"; s:0:" s:1:" "; a a:1:{ a:2:{ a:0:{ } R:1; r:2; O:1:"A":0:{ S:1:"a"; i: d: - +
    9999999999999999999 e .""".split()
)
BOUNDED = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@BOUNDED
@given(payload=VALUES)
def test_d1_made_up_values(php: Ask, payload: bytes) -> None:
    assert hold_against(php, payload) is None


@BOUNDED
@given(payload=VALUES, data=st.data())
def test_d1_mutated_values(php: Ask, payload: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(payload)), label="start")
    end = data.draw(st.integers(start, min(start + 4, len(payload))), label="end")
    patch = data.draw(st.one_of(st.binary(max_size=3), st.text('0123456789:;"{}sidbaNORrSEC+-.e', max_size=3)))
    hold_against(php, payload[:start] + (patch if isinstance(patch, bytes) else patch.encode()) + payload[end:])


@BOUNDED
@given(payload=st.lists(FRAGMENTS, max_size=12).map(b"".join))
def test_d1_fragments_of_grammar(php: Ask, payload: bytes) -> None:
    hold_against(php, payload)
