"""The control store: a small relational database, SQLite or PostgreSQL, through SQLAlchemy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.sql.dml import Insert

from playhead.errors import PlayheadError, Unavailable
from playhead.stores.tables import Table

MIGRATIONS = Path(__file__).parent / "control_migrations"


class ControlDown(Unavailable):
    """The control store can't be reached or can't work now."""

    code = "control_down"


class Control:
    """Sessions of one control store. Every method may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.url = engine.url.render_as_string(hide_password=True)
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    @classmethod
    def open(cls, url: str) -> Control:
        """`sqlite:///file` or `postgresql+psycopg://user:password@host/database`."""
        try:
            parsed = make_url(url)
        except ArgumentError:
            parsed = None
        if parsed is None or parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise PlayheadError(
                "the control URL must be sqlite:///file or postgresql+psycopg://user:password@host/database",
                code="bad_settings",
            )
        if parsed.get_backend_name() == "sqlite":
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(parsed, connect_args={"timeout": 15, "check_same_thread": False})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        else:
            try:
                engine = create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=10)
            except (NoSuchModuleError, ImportError) as error:
                raise PlayheadError(f"the control URL names a driver that is not there: {error}") from None
        return cls(engine)

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """A session whose transaction is thrown away at the end."""
        with self._talking(), self._sessions() as session:
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose transaction is committed when the block ends, and rolled back when it raises.

        On SQLite it takes the write lock at once, so that reading and then writing never fails half-way.
        """
        with self._talking(), self._sessions() as session:
            session.connection(execution_options={"playhead_write": True})
            yield session
            session.commit()

    def insert(self, table: type[Table]) -> Any:
        """An INSERT that can carry `on_conflict_do_nothing` and `on_conflict_do_update`, in the store's dialect."""
        return insert_for(self.engine, table)

    def migrate(self) -> None:
        """Brings the schema to the newest version."""
        with self._talking(), self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":
                # Two processes that start at once must not both migrate.
                connection.execute(text("SELECT pg_advisory_xact_lock(7239511)"))
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def schema_is_current(self) -> bool:
        """Whether every migration has been applied."""
        with self._talking(), self.engine.connect() as connection:
            head = ScriptDirectory.from_config(alembic_config()).get_current_head()
            return MigrationContext.configure(connection).get_current_revision() == head

    def forget(self) -> None:
        """Takes what was deleted off the disk: SQLite keeps it in free pages and in its write-ahead log.

        PostgreSQL does that by itself (autovacuum).
        """
        if self.engine.dialect.name != "sqlite":
            return
        with self._talking():
            connection = self.engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("VACUUM")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                cursor.close()
            finally:
                connection.close()

    def ping(self) -> None:
        """Raises ControlDown unless the store answers."""
        with self._talking(), self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()

    @contextlib.contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            raise ControlDown(f"the control store {self.url} failed: {error.orig}") from error
        except DBAPIError as error:
            # Neither a row nor a statement is wrong when it is no subclass: a file that is no database, a broken one.
            if error.connection_invalidated or type(error) is DatabaseError:
                raise ControlDown(f"the control store {self.url} failed: {error.orig}") from error
            raise


def insert_for(engine: Engine, table: type[Table]) -> Insert:
    if engine.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def alembic_config() -> Config:
    """Alembic's configuration of the packaged migrations; the caller sets `attributes["connection"]`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _prepare_sqlite(connection: Any, record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` says how they begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA busy_timeout = 15000")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("playhead_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
