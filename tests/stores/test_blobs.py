"""The blob store: the same behaviour for a directory and for memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.errors import PlayheadError
from playhead.stores.blobs import BlobNotFound, Blobs, BlobsDown


@pytest.fixture(params=["file", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return Blobs.open(f"file://{tmp_path}/blobs" if request.param == "file" else "memory://")


def test_an_object_is_read_whole_in_part_and_from_its_end(blobs: Blobs) -> None:
    blobs.put("a/b/c", b"0123456789")
    assert blobs.get("a/b/c") == b"0123456789"
    assert blobs.get_range("a/b/c", 2, 3) == b"234"
    assert blobs.get_range("a/b/c", 2, 0) == b""
    assert blobs.get_ranges("a/b/c", [(0, 2), (8, 2)]) == [b"01", b"89"]
    assert blobs.tail("a/b/c", 3) == b"789"
    assert blobs.tail("a/b/c", 300) == b"0123456789"
    assert blobs.size("a/b/c") == 10


def test_putting_again_replaces_and_deleting_again_is_no_error(blobs: Blobs) -> None:
    blobs.put("x", b"one")
    blobs.put("x", b"two")
    assert blobs.get("x") == b"two"
    blobs.delete("x")
    blobs.delete("x")
    assert not blobs.exists("x")
    for read in (blobs.get, blobs.size, lambda path: blobs.tail(path, 1), lambda path: blobs.get_range(path, 0, 1)):
        with pytest.raises(BlobNotFound):
            read("x")


def test_a_listing_holds_what_lies_below_the_prefix(blobs: Blobs) -> None:
    for path in ("segments/p1/a", "segments/p1/b/c", "segments/p12/a"):
        blobs.put(path, b"")
    assert sorted(blobs.list("segments/p1")) == ["segments/p1/a", "segments/p1/b/c"]
    assert list(blobs.list("nothing")) == []


def test_a_store_that_can_not_be_written_is_down(tmp_path: Path) -> None:
    blobs = Blobs.open(f"file://{tmp_path}/blobs")
    (tmp_path / "blobs" / "taken").write_bytes(b"a file where a folder should be")
    with pytest.raises(BlobsDown):
        blobs.put("taken/x", b"1")


def test_a_url_of_another_kind_is_named() -> None:
    with pytest.raises(PlayheadError, match="s3://bucket/prefix"):
        Blobs.open("ftp://x")
