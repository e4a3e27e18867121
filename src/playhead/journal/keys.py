"""The journal's own key: wrapped in its file once a master key is set; what is appended then is encrypted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from playhead.items import Item
from playhead.journal.database import connect, retry, transaction
from playhead.stores.encryption import Cipher, Keyring, new_key


def check_key(path: Path, keyring: Keyring) -> None:
    """Raises `KeyMissing` when what waits in the journal is encrypted under a master key that is not at hand."""
    if path.exists():
        with closing(connect(path)) as db:
            standing_cipher(db, keyring)


def rewrap(path: Path, keyring: Keyring) -> bool:
    """Wraps the journal's key by the current master key; False when it has none."""

    def change(db: sqlite3.Connection) -> bool:
        row = db.execute("SELECT wrapped, master FROM keys").fetchone()
        if row is None:
            return False
        db.execute("UPDATE keys SET wrapped = ?, master = ?", keyring.wrap(keyring.unwrap(*row)))
        return True

    return transaction(connect(path), change, close=True)


def own_cipher(db: sqlite3.Connection, keyring: Keyring) -> Cipher | None:
    """The journal's own cipher, its key made when it has none; None when nothing is to be encrypted."""
    if keyring.current is None:
        return None
    fresh = keyring.wrap(new_key())

    def make(db: sqlite3.Connection) -> None:
        if db.execute("SELECT 1 FROM keys").fetchone() is None:
            db.execute("INSERT INTO keys VALUES (?, ?)", fresh)

    transaction(db, make)
    return standing_cipher(db, keyring)


def standing_cipher(db: sqlite3.Connection, keyring: Keyring) -> Cipher | None:
    row = retry(lambda: db.execute("SELECT wrapped, master FROM keys").fetchone())
    return None if row is None else Cipher(keyring.unwrap(*row))


def sealed(cipher: Cipher, item: Item) -> Item:
    ingest_id = item.ingest_id.bytes
    return msgspec.structs.replace(
        item,
        meta=cipher.seal_once(item.meta, place(ingest_id, item.kind, "meta")),
        payload=cipher.seal_once(item.payload, place(ingest_id, item.kind, "payload")),
    )


def place(ingest_id: bytes, kind: str, what: str) -> bytes:
    """What an encrypted column is authenticated to belong to."""
    return ingest_id + f"{kind}:{what}".encode()
