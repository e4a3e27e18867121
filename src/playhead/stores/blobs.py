"""The blob store: immutable objects in a directory or a bucket. What `put` returned from survives a power cut."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFound
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, S3Store

from playhead.errors import NotFound, PlayheadError, Unavailable


class BlobsDown(Unavailable):
    """The blob store can't be reached or can't work now."""

    code = "blobs_down"


class BlobNotFound(NotFound):
    code = "object_not_found"


def is_path(path: str) -> bool:
    """Whether it can be an object's: one that leads out of the store is not even tried."""
    return "\0" not in path and not {"", ".", ".."} & {*path.split("/")}


class BadPath(PlayheadError):
    code = "bad_object_path"


class Blobs:
    """Objects by path. Every method may be called from any thread."""

    def __init__(self, url: str, store: Any, root: Path | None = None) -> None:
        self.url = url
        self._store = store
        self._root = root

    @classmethod
    def open(cls, url: str) -> Blobs:
        """`file:///dir`, `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix` or `memory://`.

        Credentials of a bucket come from the environment, as that provider's own tools take them.
        """
        parts = urlsplit(url)
        prefix = unquote(parts.path).strip("/") or None
        match parts.scheme:
            case "file":
                root = Path(unquote(parts.path))
                root.mkdir(parents=True, exist_ok=True)
                return cls(url, LocalStore(root), root)
            case "memory":
                return cls(url, MemoryStore())
            case "s3":
                return cls(url, S3Store(parts.netloc, prefix=prefix))
            case "gs":
                return cls(url, GCSStore(parts.netloc, prefix=prefix))
            case "az":
                return cls(url, AzureStore(parts.netloc, prefix=prefix))
            case other:
                raise PlayheadError(
                    f"the blobs URL begins with {other or 'nothing'}://; use file:///dir, s3://bucket/prefix, "
                    "gs://bucket/prefix or az://container/prefix",
                    code="bad_settings",
                )

    def put(self, path: str, data: bytes) -> None:
        """Writes an object, durably; one that is there already is replaced."""
        try:
            with _talking(path):
                obstore.put(self._store, path, data)
                if self._root is not None:
                    _sync(self._root, path)
        except BlobNotFound:
            raise BlobsDown(f"the blob store {self.url} takes no object: there is no such bucket") from None

    def get(self, path: str) -> bytes:
        """The whole object. Raises BlobNotFound."""
        with _talking(path):
            return bytes(obstore.get(self._store, path).bytes())

    def get_range(self, path: str, start: int, length: int) -> bytes:
        """`length` bytes from `start`. Raises BlobNotFound."""
        if length == 0:
            return b""
        with _talking(path):
            return bytes(obstore.get_range(self._store, path, start=start, length=length))

    def get_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Several `(start, length)` ranges of one object; neighbouring ones travel in one request."""
        if not ranges:
            return []
        with _talking(path):
            parts = obstore.get_ranges(
                self._store, path, starts=[start for start, _ in ranges], lengths=[length for _, length in ranges]
            )
            return [bytes(part) for part in parts]

    def tail(self, path: str, length: int) -> bytes:
        """The last `length` bytes, or all of a shorter object. Raises BlobNotFound."""
        with _talking(path):
            return bytes(obstore.get(self._store, path, options={"range": {"suffix": length}}).bytes())

    def size(self, path: str) -> int:
        """Bytes of the object. Raises BlobNotFound."""
        with _talking(path):
            return int(obstore.head(self._store, path)["size"])

    def exists(self, path: str) -> bool:
        try:
            self.size(path)
        except BlobNotFound:
            return False
        return True

    def delete(self, path: str) -> None:
        """Deletes the object; one that is not there is no error."""
        with contextlib.suppress(BlobNotFound), _talking(path):
            obstore.delete(self._store, path)
            if self._root is not None:
                _sync_directory((self._root / path).parent)

    def list(self, prefix: str) -> Iterator[str]:
        """Paths below a prefix (whole path segments), in no order."""
        with _talking(prefix):
            for page in obstore.list(self._store, prefix or None):
                for entry in page:
                    yield entry["path"]

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Paths below a prefix as `list`, with their bytes."""
        with _talking(prefix):
            for page in obstore.list(self._store, prefix or None):
                for entry in page:
                    yield entry["path"], int(entry["size"])

    def reach(self) -> None:
        """Raises BlobsDown unless the store answers. Writes nothing."""
        self.exists("ping")

    def ping(self) -> None:
        """Raises BlobsDown unless an object can be written and read back."""
        self.put("ping", b"playhead")
        if self.get("ping") != b"playhead":
            raise BlobsDown(f"the blob store {self.url} gives back other bytes than were written")


@contextlib.contextmanager
def _talking(path: str) -> Iterator[None]:
    if path and not is_path(path):
        raise BadPath(f"{path!r} is no path of an object")
    try:
        yield
    except (FileNotFoundError, ObjectNotFound):
        raise BlobNotFound(f"there is no object {path} in the blob store") from None
    except (BaseError, OSError) as error:
        raise BlobsDown(f"the blob store failed at {path}: {_short(error)}") from error


def _sync(root: Path, path: str) -> None:
    """obstore's local store never syncs: the file, then every folder up to the root (each may be new)."""
    file = root / path
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    for folder in file.parents:
        _sync_directory(folder)
        if folder == root:
            break


def _sync_directory(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _short(error: BaseException) -> str:
    return str(error).split("\n\nDebug source")[0].strip()[:500]
