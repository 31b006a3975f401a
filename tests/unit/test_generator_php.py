"""The generator's own PHP writer, against payloads that PHP wrote."""

from __future__ import annotations

from sandbox.generator import php


def test_d3_strings_count_bytes() -> None:
    assert php.strings(["café"]) == b'a:1:{i:0;s:4:"caf\xe9";}'
    assert php.strings(["café"], "utf-8") == b'a:1:{i:0;s:5:"caf\xc3\xa9";}'


def test_lists_are_numbered_from_0() -> None:
    assert php.strings(["a", 'b";']) == b'a:2:{i:0;s:1:"a";i:1;s:3:"b";";}'
    assert php.array([]) == b"a:0:{}"
    assert php.array([php.integer(-5), php.array([php.string(b"")])]) == b'a:2:{i:0;i:-5;i:1;a:1:{i:0;s:0:"";}}'
