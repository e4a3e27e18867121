"""Where backups are kept: a directory or a bucket, in which every content is stored once.

repository
├─ backups/{time}-{16 hex}.json.zst    a backup: the list of its files. Its name ends with the list's own SHA-256
├─ pieces/{2 hex}/{sha256}             up to 32 MB of a file each; what two backups have in common is there once
├─ regions/{name}/                     the repository of a region whose backups are kept nowhere else
├─ tombstones.json                     everything that was deleted so far, of the last run of `playhead backup`
├─ standing.json                       who may come in, and how long things are kept, at that run
└─ keys.json                           the wrapped keys of what is not deleted; in no backup, so that a dropped key
                                       is dropped from all of them
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import IO
from urllib.parse import unquote, urlsplit

import msgspec
import zstandard

from playhead.errors import NotFound, PlayheadError
from playhead.stores.blobs import BlobNotFound, Blobs, is_path

VERSION = 1
PIECE_BYTES = 32 * 1024 * 1024
# Two million objects, and three times that.
MAX_LIST_BYTES = 1_000_000_000
# How many steps the paths of objects have at least that are registered by their project.
SHORTEST = {"segments": 3, "recordings": 4}
BACKUPS, TOMBSTONES, KEYS, STANDING = "backups", "tombstones.json", "keys.json", "standing.json"


class Damaged(PlayheadError):
    """The repository does not hold what a backup says it does."""

    code = "backup_damaged"


class File(msgspec.Struct, frozen=True, array_like=True):
    """A file of a backup: its path where it belongs, and the SHA-256 of its pieces in order."""

    path: str
    size: int
    pieces: list[str]


class Part(msgspec.Struct, frozen=True, array_like=True):
    """A part of an embedded analytics table; parts never change."""

    name: str
    files: list[File]


class AnalyticsTable(msgspec.Struct, frozen=True):
    """A table of the embedded analytics store: `uuid` names this very table."""

    name: str
    uuid: str
    parts: list[Part]


class Analytics(msgspec.Struct, frozen=True, omit_defaults=True):
    """The analytics store: the embedded engine's tables, or where the engine's own BACKUP statement wrote it."""

    tables: list[AnalyticsTable] = []
    destination: str = ""
    database: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """A backup. `control` is NDJSON of rows (`control_revision` is their schema), `rows` how many it holds a table.

    Of each region there is a backup of its own in that region's repository, which has no control: `regions` names it.
    """

    version: int
    playhead: str
    made_at_ms: int
    control_revision: str
    control: File
    rows: dict[str, int]
    journal: File
    secret: str
    analytics: Analytics
    blobs: list[File]
    regions: dict[str, str] = {}

    def files(self) -> Iterator[File]:
        yield self.control
        yield self.journal
        yield from self.blobs
        for table in self.analytics.tables:
            for part in table.parts:
                yield from part.files


class Repository:
    """A backup repository. What it says is stored is stored durably."""

    def __init__(self, blobs: Blobs) -> None:
        self.blobs = blobs
        self.url = blobs.url
        self._standing: dict[str, int] | None = None
        self._lock = Lock()
        self.written_bytes = 0

    @classmethod
    def open(cls, where: str) -> Repository:
        """A directory, or a URL as the blob store's."""
        return cls(Blobs.open(where if "://" in where else Path(where).resolve().as_uri()))

    def directory(self) -> Path | None:
        """The directory it is, None for a bucket."""
        parts = urlsplit(self.url)
        return Path(unquote(parts.path)) if parts.scheme == "file" else None

    def add(self, path: str, content: bytes) -> File:
        """Stores a file given whole."""
        pieces = [self._put(content[at : at + PIECE_BYTES]) for at in range(0, len(content), PIECE_BYTES)]
        return File(path, len(content), pieces)

    def add_stream(self, path: str, source: IO[bytes]) -> File:
        """Stores a file piece by piece."""
        pieces, size = [], 0
        while piece := source.read(PIECE_BYTES):
            pieces.append(self._put(piece))
            size += len(piece)
        return File(path, size, pieces)

    def holds(self, file: File) -> bool:
        """Whether every piece of the file is there, in its size."""
        standing = self._pieces()
        return all(
            standing.get(piece) == min(PIECE_BYTES, file.size - place * PIECE_BYTES)
            for place, piece in enumerate(file.pieces)
        )

    def read(self, file: File) -> Iterator[bytes]:
        """The file's content, piece by piece, each checked. Raises `Damaged`."""
        size = 0
        for piece in file.pieces:
            try:
                content = self.blobs.get(_piece_path(piece))
            except BlobNotFound:
                raise Damaged(f"a piece of {file.path} is not in the backup any more ({piece})") from None
            if hashlib.sha256(content).hexdigest() != piece:
                raise Damaged(f"a piece of {file.path} has other bytes than were backed up ({piece})")
            size += len(content)
            yield content
        if size != file.size:
            raise Damaged(f"{file.path} has {size} bytes in the backup, not {file.size}")

    def commit(self, manifest: Manifest) -> str:
        """Stores the list of a backup, by which it exists; answers its id."""
        packed = zstandard.ZstdCompressor(level=6).compress(msgspec.json.encode(manifest))
        at = datetime.fromtimestamp(manifest.made_at_ms / 1_000, UTC).strftime("%Y%m%dT%H%M%S%fZ")
        backup_id = f"{at}-{hashlib.sha256(packed).hexdigest()[:16]}"
        self.blobs.put(_manifest_path(backup_id), packed)
        return backup_id

    def ids(self) -> list[str]:
        """The backups, oldest first."""
        found = (path.removeprefix(f"{BACKUPS}/") for path in self.blobs.list(BACKUPS))
        return sorted(name.removesuffix(".json.zst") for name in found if name.endswith(".json.zst"))

    def manifest(self, backup_id: str) -> Manifest:
        """A backup's list. Raises NotFound, or `Damaged`."""
        try:
            packed = self.blobs.get(_manifest_path(backup_id))
        except BlobNotFound:
            raise NotFound(f"there is no backup {backup_id} in {self.url}", code="backup_not_found") from None
        if hashlib.sha256(packed).hexdigest()[:16] != backup_id.rpartition("-")[2]:
            raise Damaged(f"the list of the backup {backup_id} does not match its checksum")
        try:
            if not 0 <= zstandard.frame_content_size(packed) <= MAX_LIST_BYTES:
                raise Damaged(f"the list of the backup {backup_id} says that it is too large to be one")
            manifest = msgspec.json.decode(zstandard.ZstdDecompressor().decompress(packed), type=Manifest)
        except (msgspec.MsgspecError, zstandard.ZstdError, UnicodeDecodeError) as error:
            raise Damaged(f"the list of the backup {backup_id} can't be read: {error}") from None
        if manifest.version != VERSION:
            raise Damaged(f"the backup {backup_id} has version {manifest.version}; this program reads {VERSION}")
        for file in manifest.blobs:
            steps = file.path.split("/")
            if not is_path(file.path) or len(steps) < SHORTEST.get(steps[0], 1):
                raise Damaged(f"the backup {backup_id} names an object {file.path!r}, which can be none")
        return manifest

    def newest(self) -> tuple[str, Manifest] | None:
        ids = self.ids()
        return (ids[-1], self.manifest(ids[-1])) if ids else None

    def verify(self, manifest: Manifest) -> int:
        """Reads every file and checks it; answers how many bytes. Raises `Damaged`."""
        seen: set[tuple[str, ...]] = set()
        size = 0
        for file in manifest.files():
            key = tuple(file.pieces)
            if key not in seen:
                seen.add(key)
                size += sum(len(piece) for piece in self.read(file))
        return size

    def region(self, name: str, url: str) -> Repository:
        """The repository of a region: at a URL of its own, or below this one."""
        return Repository.open(url or f"{self.url.rstrip('/')}/regions/{name}")

    def keep(self, backup_ids: Collection[str]) -> int:
        """Removes all backups but these, and pieces that none of them needs; answers how many backups."""
        gone = [each for each in self.ids() if each not in backup_ids]
        needed = {piece for each in backup_ids for file in self.manifest(each).files() for piece in file.pieces}
        for backup_id in gone:
            self.blobs.delete(_manifest_path(backup_id))
        for piece in set(self._pieces()) - needed:
            self.blobs.delete(_piece_path(piece))
        self._standing = None
        return len(gone)

    def put_note(self, name: str, lines: Sequence[object]) -> None:
        """Replaces one of the lists that belong to no single backup."""
        self.blobs.put(name, msgspec.json.encode(lines))

    def note(self, name: str) -> bytes:
        """One of these lists as JSON; an empty one when it was never written."""
        try:
            return self.blobs.get(name)
        except BlobNotFound:
            return b"[]"

    def _put(self, piece: bytes) -> str:
        name = hashlib.sha256(piece).hexdigest()
        standing = self._pieces()
        if standing.get(name) != len(piece):
            self.blobs.put(_piece_path(name), piece)
            with self._lock:
                standing[name] = len(piece)
                self.written_bytes += len(piece)
        return name

    def _pieces(self) -> dict[str, int]:
        if self._standing is None:
            self._standing = {path.rpartition("/")[2]: size for path, size in self.blobs.sizes("pieces")}
        return self._standing


def _piece_path(name: str) -> str:
    return f"pieces/{name[:2]}/{name}"


def _manifest_path(backup_id: str) -> str:
    return f"{BACKUPS}/{backup_id}.json.zst"
