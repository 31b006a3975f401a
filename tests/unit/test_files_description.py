"""Paths that are taken apart, names that become metadata, types by extension."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.files.description import content_type, describe, encoded_name
from loaders.files.source import FileFault, safe_parts

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


@given(NAMES)
def test_a_name_in_metadata_is_ascii_short_and_a_beginning_of_the_name(name: str) -> None:
    encoded = encoded_name(name)
    assert encoded.isascii()
    assert len(encoded) <= 1_500
    assert name.startswith(unquote(encoded))
    assert len(encoded) > 1_480 or unquote(encoded) == name


def test_all_metadata_fits_into_what_s3_takes() -> None:
    metadata = describe("repo_file", "123456789", "\U0001f4c4" * 255, b"x" * 32).metadata
    assert sum(len(key) + len(value) for key, value in metadata.items()) < 2_048


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.pdf", "application/pdf"),
        ("A.PDF ", "application/pdf"),
        ("x.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("scan.tiff", "image/tiff"),
        ("a.tar.gz", "application/octet-stream"),
        ("pdf", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("trailing.", "application/octet-stream"),
    ],
)
def test_the_type_follows_the_extension(name: str, expected: str) -> None:
    assert content_type(name) == expected


@given(st.text(st.sampled_from("ab./\\\n\x00\x7f\x9fé "), max_size=12))
def test_f1_a_path_is_refused_or_stays_below_the_root(path: str) -> None:
    try:
        parts = safe_parts(path)
    except FileFault as fault:
        assert fault.reason_code == "file_unsafe_path"
        return
    assert posixpath.normpath(posixpath.join("/efs", path)) == "/efs/" + "/".join(parts)
    assert not set(path) & set("\\\n\x00\x7f\x9f")
