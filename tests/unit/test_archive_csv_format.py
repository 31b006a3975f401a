"""The archive's CSV: records are cut and counted the same however the bytes arrive (reliability A1)."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from loaders.archive.csv_format import (
    MYSQL,
    RecordCounter,
    RecordReader,
    archived_columns,
    header,
    load_statement,
    quoted,
    select,
    text_of,
)
from loaders.singer.tap_mysql.catalogue import Table
from loaders.singer.tap_mysql.rendering import Column

VALUES = st.lists(
    st.lists(st.one_of(st.none(), st.text(alphabet='",\nNUL\\é\0', max_size=6)), min_size=2, max_size=2), max_size=20
)


def rendered(rows: list[list[str | None]]) -> bytes:
    return b"".join(
        b",".join(b"NULL" if value is None else quoted(value.encode()) for value in row) + b"\n" for row in rows
    )


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(VALUES, st.lists(st.integers(0, 200)))
def test_a1_records_are_cut_and_counted_wherever_the_pieces_end(rows: list[list[str | None]], cuts: list[int]) -> None:
    counter, reader, read = RecordCounter(), RecordReader(), []
    for piece in pieces(rendered(rows), cuts):
        counter.add(piece)
        read += [[text_of(field) for field in record] for record in reader.add(piece)]
    assert counter.records == len(rows)
    assert read == [[None if value is None else value.encode() for value in row] for row in rows]


def test_a1_null_the_empty_text_and_the_word_are_three_things() -> None:
    assert [text_of(field) for field in (b"NULL", b'""', b'"NULL"', b"0")] == [None, b"", b"NULL", b"0"]


def test_a1_header_keeps_odd_names() -> None:
    assert header(["# Active PHs", 'say "x"', "a,b"]) == b'"# Active PHs","say ""x""","a,b"\n'


def column(name: str, data_type: str, character_set: str | None = None, **more: bool) -> Column:
    return Column(name, data_type, data_type, character_set, nullable=True, **more)


def test_a1_text_that_utf8_may_not_carry_both_ways_is_archived_as_bytes() -> None:
    kinds = {"latin1": False, "utf8mb3": False, "utf8mb4": False, "ascii": False, "cp932": True, "ucs2": True}
    columns = tuple(column(name, "text", name) for name in kinds)
    payload = column("payload", "text", "latin1", as_bytes=True)
    table = Table("t", (*columns, payload, column("n", "int")), (), False, "InnoDB", 0, 0)
    assert [each.is_binary for each in archived_columns(table)] == [*kinds.values(), True, False]


def test_the_query_quotes_as_load_data_reads() -> None:
    assert select("t", (column("n", "int"),)) == "select concat_ws(',', ifnull(`n`, 'NULL')) from `t`"
    assert MYSQL.quote == '"'


def test_load_statement_decodes_bytes_and_passes_generated_columns_over() -> None:
    statement = load_statement("t`x", [("a", False), ("b", True), ("c", False)], frozenset({"c"}), "/dev/fd/3")
    assert statement == (
        "load data local infile '/dev/fd/3' into table `t``x` character set utf8mb4 fields terminated by ',' "
        "optionally enclosed by '\"' escaped by '' lines terminated by '\\n' ignore 1 lines (`a`, @v1, @v2) "
        "set `b` = unhex(substr(@v1, 3))"
    )
