from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.errors import LossError
from loaders.singer.tap_mysql.reader import cut_values

END = b"\x05\x00\x00\x63\xfe\x00\x00\x02\x00"


def packet(payload: bytes) -> bytes:
    packets = b""
    while True:
        part, payload = payload[:0xFFFFFF], payload[0xFFFFFF:]
        packets += len(part).to_bytes(3, "little") + b"\x07" + part
        if len(part) < 0xFFFFFF:
            return packets


def value_packet(value: bytes) -> bytes:
    size = len(value)
    if size < 251:
        return packet(bytes([size]) + value)
    if size < 1 << 16:
        return packet(b"\xfc" + size.to_bytes(2, "little") + value)
    if size < 1 << 24:
        return packet(b"\xfd" + size.to_bytes(3, "little") + value)
    return packet(b"\xfe" + size.to_bytes(8, "little") + value)


@given(
    sizes=st.lists(st.sampled_from([0, 1, 7, 8, 9, 249, 250, 251, 252, 65535, 65536]), max_size=6), cut=st.floats(0, 1)
)
def test_values_of_every_length_are_cut_wherever_the_data_break(sizes: list[int], cut: float) -> None:
    values = [bytes([65 + index]) * size for index, size in enumerate(sizes)]
    data = b"".join(map(value_packet, values)) + END
    middle = int(len(data) * cut)
    first, consumed, last = cut_values(data[:middle], "t")
    second, rest, ending = cut_values(data[consumed:], "t")
    if last is None:
        assert first + second == values
        assert ending == END[4:]
        assert consumed + rest == len(data)
    else:
        assert first == values


@pytest.mark.parametrize("size", [0xFFFFFF - 5, 0xFFFFFF - 4, 0xFFFFFF, 0xFFFFFF + 1, 2 * 0xFFFFFF - 9, 2 * 0xFFFFFF])
def test_a_value_of_16_mib_and_more_is_joined(size: int) -> None:
    data = value_packet(b"x" * size) + value_packet(b"after") + END
    values, consumed, last = cut_values(data, "t")
    assert [len(value) for value in values] == [size, 5]
    assert (consumed, last) == (len(data), END[4:])
    assert cut_values(data[: size // 2], "t") == ([], 0, None)


def test_a_row_that_is_null_is_a_loss_and_names_its_table() -> None:
    with pytest.raises(LossError, match="exemption: a row came as NULL"):
        cut_values(packet(b"\xfb") + END, "exemption")


def test_an_error_packet_ends_the_values() -> None:
    error = b"\xff\x28\x04#HY000gone"
    assert cut_values(value_packet(b"a") + packet(error), "t") == ([b"a"], 5 + 1 + 4 + len(error), error)
