"""Masks and spreadsheet cells, value by value (reliability A2, A3)."""

from __future__ import annotations

import pytest

from loaders.archive.catalogue import PRIVACY_CLASSES, read_catalogue, refuse_unclassified
from loaders.archive.copies import MASKED, mask, neutral
from loaders.archive.manifest import ArchivedColumn, Manifest, parse, render
from loaders.errors import LossError, RefusedError

KEY = b"k" * 32
TEXT = ArchivedColumn(name="v", mysql_type="varchar(20)", character_set="latin1", encoding="text")
NUMBER = ArchivedColumn(name="v", mysql_type="int(10) unsigned", character_set=None, encoding="text")


def test_a3_every_class_but_none_hides_the_value() -> None:
    for privacy in PRIVACY_CLASSES:
        hidden = mask(KEY, privacy, TEXT)(b"Ann Example")
        assert (b"Ann" in hidden) == (privacy == "none"), privacy
        assert mask(KEY, privacy, TEXT)(b"") == b"", privacy


def test_a3_equal_values_of_a_class_join_and_others_do_not() -> None:
    assert mask(KEY, "identifier", TEXT)(b"7") == mask(KEY, "identifier", NUMBER)(b"7")
    assert mask(KEY, "email", TEXT)(b" Ann@X.org") == mask(KEY, "email", TEXT)(b"ann@x.ORG ")
    values = {mask(KEY, privacy, TEXT)(b"7") for privacy in PRIVACY_CLASSES if privacy not in ("free_text", "payload")}
    assert len(values) == len(PRIVACY_CLASSES) - 2
    assert mask(b"l" * 32, "identifier", TEXT)(b"7") != mask(KEY, "identifier", TEXT)(b"7")


def test_a3_an_address_where_none_belongs_is_masked_too() -> None:
    assert mask(KEY, "none", TEXT)(b"see ann@x.org") == MASKED
    assert mask(KEY, "none", NUMBER)(b"-5.00") == b"-5.00"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "\uff1dx", "\uff0b", "\uff0dx", "\uff20x"]
)
def test_a2_a_cell_that_a_spreadsheet_would_compute_is_marked_and_can_be_had_back(text: str) -> None:
    assert neutral(text.encode()) == b"'" + text.encode()


def test_a2_an_apostrophe_is_marked_too_so_that_taking_one_away_is_always_right() -> None:
    for text in (b"'x", b"''", b"x'", b"", b"a=b"):
        marked = neutral(text)
        assert (marked[1:] if marked.startswith(b"'") else marked) == text


def test_a3_every_column_of_the_catalogue_has_a_class() -> None:
    catalogue = read_catalogue()
    assert len(catalogue) == 22
    refuse_unclassified(catalogue, ((table.name, name) for table in catalogue.values() for name in table.privacy))
    with pytest.raises(RefusedError, match=r"exemption\.new, other\.x"):
        refuse_unclassified(catalogue, [("exemption", "new"), ("exemption", "src"), ("other", "x")])


def test_a_manifest_is_read_as_it_was_written_and_no_other() -> None:
    manifest = Manifest.model_validate(
        {
            "archive": "a",
            "system": "dtx1",
            "database": "dtx1",
            "as_of": "2026-01-02T03:04:05.000006Z",
            "keep_until": "2036-01-02",
            "code_version": "0",
            "server": {"version": "10"},
            "recipients": ["age1x"],
            "tables": [],
        }
    )
    assert parse(render(manifest), "a") == manifest
    for data, name in (
        (render(manifest), "b"),
        (b"{}", "a"),
        (b"[]", "a"),
        (b"\xff", "a"),
        (render(manifest).replace(b"manifest/1", b"manifest/2"), "a"),
    ):
        with pytest.raises(LossError, match="no manifest"):
            parse(data, name)
