"""Whose key is whose: a key per replay in its control row, wrapped by its project's, wrapped by the master key.

    replays.wrapped_key        16 bytes id of the project's key, then the envelope of the replay's key
    encryption_keys            a project's key, wrapped by the master key that `master` names
    journal                    a key of its own, wrapped by the master key, in the journal's file

Dropping a replay's wrapped key makes every copy of the replay unreadable at once. Rotation rewrites wraps only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID, uuid4

from sqlalchemy import LargeBinary, delete, func, select, update
from sqlalchemy.orm import Session

from playhead.clock import now_ms
from playhead.stores import Stores
from playhead.stores.control import Control
from playhead.stores.encryption import Cipher, KeyGone, Keyring, new_key
from playhead.stores.tables import EncryptionKey, Replay

IDS_AT_ONCE = 500


def cipher_of(stores: Stores, replay: Replay) -> Cipher | None:
    """What opens the replay's bytes and seals new ones; None where it has no key and gets none.

    A replay from before the master key was set gets its key here, so that its next generation is encrypted.
    """
    if replay.wrapped_key is None and stores.keyring.current is not None:
        return ciphers(stores, replay.project_id, [replay.replay_id]).get(replay.replay_id)
    return opener_of(stores, replay)


def opener_of(stores: Stores, replay: Replay) -> Cipher | None:
    """What opens the replay's bytes; None where it has no key."""
    if replay.wrapped_key is None:
        return None
    with stores.control.read() as session:
        return _unwrapped(session, stores.keyring, replay.project_id, replay.wrapped_key)


def ciphers(stores: Stores, project_id: str, replay_ids: Collection[str]) -> dict[str, Cipher]:
    """The ciphers of replays that have rows, by id; those that have no key get one, which is stored when this returns.

    Empty when nothing is encrypted.
    """
    if stores.keyring.current is None:
        return {}
    with stores.control.write() as session:
        return ciphers_within(session, stores.keyring, project_id, replay_ids)


def ciphers_within(
    session: Session, keyring: Keyring, project_id: str, replay_ids: Collection[str]
) -> dict[str, Cipher]:
    """The same within the caller's write transaction."""
    found: dict[str, Cipher] = {}
    project = _project_key(session, keyring, project_id)
    for some in _groups(sorted(replay_ids)):
        rows = session.execute(
            select(Replay.replay_id, Replay.wrapped_key).where(
                Replay.project_id == project_id, Replay.replay_id.in_(some)
            )
        )
        for replay_id, wrapped in rows.all():
            if wrapped is not None:
                found[replay_id] = _unwrapped(session, keyring, project_id, wrapped)
                continue
            key = new_key()
            session.execute(
                update(Replay)
                .where(Replay.project_id == project_id, Replay.replay_id == replay_id)
                .values(wrapped_key=_wrap(project, key, project_id))
            )
            found[replay_id] = Cipher(key)
    return found


def drop_keys(session: Session, project_id: str, replay_ids: Iterable[str]) -> None:
    """Makes every copy of these replays unreadable, within the caller's transaction."""
    for some in _groups(list(replay_ids)):
        session.execute(
            update(Replay)
            .where(Replay.project_id == project_id, Replay.replay_id.in_(some), Replay.wrapped_key.is_not(None))
            .values(wrapped_key=None)
        )


def drop_project(session: Session, project_id: str) -> None:
    """Makes every copy of whatever was recorded for the project unreadable, within the caller's transaction."""
    session.execute(delete(EncryptionKey).where(EncryptionKey.project_id == project_id))
    session.execute(
        update(Replay).where(Replay.project_id == project_id, Replay.wrapped_key.is_not(None)).values(wrapped_key=None)
    )


def check_keys(control: Control, keyring: Keyring) -> None:
    """Raises `KeyMissing` when what is stored is encrypted under a master key that is not at hand."""
    with control.read() as session:
        for master in session.scalars(select(EncryptionKey.master).distinct()).all():
            row = session.scalars(select(EncryptionKey).where(EncryptionKey.master == master).limit(1)).one()
            keyring.unwrap(row.wrapped, row.master)


class _ProjectKey:
    """A project's key that is unwrapped."""

    def __init__(self, key_id: str, key: bytes) -> None:
        self.key_id = key_id
        self.cipher = Cipher(key)


def rotate(stores: Stores) -> dict[str, int]:
    """A new key for every project, wrapped by the current master key, and all keys of replays wrapped by it anew.

    Answers how many keys were wrapped, by project. Not a byte of a recording is read. May be cut off and run again;
    what is being recorded meanwhile goes on.
    """
    with stores.control.read() as session:
        projects = list(session.scalars(select(EncryptionKey.project_id).distinct()))
    return {project_id: _rotate_project(stores, project_id) for project_id in projects}


def _rotate_project(stores: Stores, project_id: str) -> int:
    control, keyring = stores.control, stores.keyring
    with control.write() as session:
        fresh = _new_project_key(session, keyring, project_id)
    count = 0
    while True:
        with control.write() as session:
            standing = list(
                session.scalars(select(EncryptionKey).where(EncryptionKey.project_id == project_id).with_for_update())
            )
            waiting = session.execute(
                select(Replay.replay_id, Replay.wrapped_key)
                .where(
                    Replay.project_id == project_id,
                    Replay.wrapped_key.is_not(None),
                    func.substr(Replay.wrapped_key, 1, 16, type_=LargeBinary) != UUID(fresh.key_id).bytes,
                )
                .limit(IDS_AT_ONCE)
            ).all()
            if not waiting:
                # Whoever wraps a key holds the row of the project's key it wraps it by: nobody can any more.
                for row in standing:
                    if row.key_id != fresh.key_id:
                        session.delete(row)
                return count
            for replay_id, wrapped in waiting:
                key = _open(session, keyring, project_id, wrapped or b"")
                session.execute(
                    update(Replay)
                    .where(Replay.project_id == project_id, Replay.replay_id == replay_id)
                    .values(wrapped_key=_wrap(fresh, key, project_id))
                )
            count += len(waiting)


def _project_key(session: Session, keyring: Keyring, project_id: str) -> _ProjectKey:
    """The project's newest key, made when it has none; its row is held until the transaction ends."""
    newest = session.scalars(
        select(EncryptionKey)
        .where(EncryptionKey.project_id == project_id)
        .order_by(EncryptionKey.created_at_ms.desc(), EncryptionKey.key_id.desc())
        .limit(1)
        .with_for_update(read=True)
    ).first()
    if newest is None:
        return _new_project_key(session, keyring, project_id)
    return _ProjectKey(newest.key_id, keyring.unwrap(newest.wrapped, newest.master))


def _new_project_key(session: Session, keyring: Keyring, project_id: str) -> _ProjectKey:
    key, key_id = new_key(), str(uuid4())
    wrapped, master = keyring.wrap(key)
    session.add(
        EncryptionKey(project_id=project_id, key_id=key_id, wrapped=wrapped, master=master, created_at_ms=now_ms())
    )
    session.flush()
    return _ProjectKey(key_id, key)


def _wrap(project: _ProjectKey, key: bytes, project_id: str) -> bytes:
    return UUID(project.key_id).bytes + project.cipher.seal_once(key, project_id.encode())


def _open(session: Session, keyring: Keyring, project_id: str, wrapped: bytes) -> bytes:
    key_id = str(UUID(bytes=wrapped[:16]))
    row = session.get(EncryptionKey, (project_id, key_id))
    if row is None:
        raise KeyGone("This is stored encrypted, and the project's key was dropped.")
    return Cipher(keyring.unwrap(row.wrapped, row.master)).open(wrapped[16:], project_id.encode())


def _unwrapped(session: Session, keyring: Keyring, project_id: str, wrapped: bytes) -> Cipher:
    return Cipher(_open(session, keyring, project_id, wrapped))


def _groups(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE))
