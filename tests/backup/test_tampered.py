"""A backup that somebody has changed is refused, and nothing is written outside of the stores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import zstandard

from playhead.backup import engine as analytics_backup
from playhead.backup.repository import Analytics as Kept
from playhead.backup.repository import AnalyticsTable, Damaged, File, Manifest, Part, Repository
from playhead.errors import PlayheadError
from playhead.stores.analytics import Analytics
from playhead.stores.blobs import Blobs


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.open(str(tmp_path / "backups"))


def listed(repository: Repository, **changes: object) -> Manifest:
    """A backup's list with something in it changed by who knows how ids are made."""
    nothing = File("x", 0, [])
    manifest = Manifest(1, "0", 1_795_341_600_000, "0001", nothing, {}, nothing, "", Kept(), [])
    return repository.manifest(repository.commit(msgspec.structs.replace(manifest, **changes)))


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../x",
        "/etc/x",
        "a//b",
        "",
        ".",
        "..",
        "a/./b",
        "a\0b",
        "segments",
        "segments/p",
        "recordings/ab/p",
    ],
)
def test_an_object_outside_the_store_is_none(repository: Repository, path: str) -> None:
    with pytest.raises(Damaged, match="names an object"):
        listed(repository, blobs=[File(path, 0, [])])
    assert listed(repository, blobs=[File("segments/p1/1", 0, [])]).blobs


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/x", "a//b", "a/./b", "a\0b"])
@pytest.mark.parametrize("put", [lambda blobs, path: blobs.put(path, b"x"), Blobs.get, Blobs.delete, Blobs.exists])
def test_the_blob_store_does_not_try(tmp_path: Path, path: str, put: Callable[[Blobs, str], object]) -> None:
    blobs = Blobs.open(f"file://{tmp_path}/blobs")
    with pytest.raises(PlayheadError, match="no path of an object"):
        put(blobs, path)
    assert [each.name for each in tmp_path.rglob("*")] == ["blobs"]


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\xff" * 50,
        zstandard.compress(b"[]"),
        zstandard.compress(b"{"),
        zstandard.compress(b'{"version":"\xff"}'),
        # Says that it unpacks to a terabyte.
        b"\x28\xb5\x2f\xfd\xe0" + (1 << 40).to_bytes(8, "little") + b"\x01\x00\x00",
    ],
)
def test_a_list_that_is_none_is_said_to_be(repository: Repository, packed: bytes) -> None:
    import hashlib

    backup_id = f"20261122T000000000000Z-{hashlib.sha256(packed).hexdigest()[:16]}"
    repository.blobs.put(f"backups/{backup_id}.json.zst", packed)
    with pytest.raises(Damaged, match=backup_id):
        repository.manifest(backup_id)


@pytest.mark.parametrize(
    ("table", "part", "file"),
    [
        ("erasing", "../../../../../../evil", "x"),
        ("erasing", "/var/evil", "x"),
        ("erasing", "all_1_1_0'", "x"),
        ("erasing", "all_1_1_0", "../../../../evil"),
        ("erasing", "all_1_1_0", "/var/evil"),
        ("no_table", "all_1_1_0", "x"),
        ("../erasing", "all_1_1_0", "x"),
    ],
)
def test_a_part_outside_its_table_is_none(
    engine: Analytics, repository: Repository, table: str, part: str, file: str
) -> None:
    stored = repository.add(file, b"evil")
    directory = engine.embedded_directory
    assert directory
    with pytest.raises(PlayheadError, match="the backup names a"):
        analytics_backup._attach(engine, repository, AnalyticsTable(table, "u", [Part(part, [stored])]))
    assert not [each for each in directory.rglob("*") if each.name == "evil"]
    assert not Path("/var/evil").exists()


@pytest.mark.parametrize(
    ("destination", "database"),
    [
        ("Disk('backups', 'a') SETTINGS async = 0", "`default`"),
        ("(SELECT 1)", "`default`"),
        ("Disk('backups', 'a'); DROP TABLE events", "`default`"),
        ("Disk('backups', 'a')", "default TO Disk('x', 'y')"),
    ],
)
def test_a_statement_of_a_list_is_not_run(engine: Analytics, destination: str, database: str) -> None:
    with pytest.raises(Damaged, match="where no backup can be"):
        analytics_backup.restore_by_statement(engine, Kept(destination=destination, database=database))
    assert engine.migrated()
