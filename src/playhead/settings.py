"""Every setting, read from the environment, from `.env`, or from flags. Documented in `docs/guide/settings.md`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The settings of one Playhead. Each is `PLAYHEAD_` and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="PLAYHEAD_", env_file=".env", extra="ignore")

    data: Path = Field(default=Path(".playhead"), description="Directory of the journal and of every embedded store.")
    analytics_url: str = Field(default="", description="`chdb:///dir` or `clickhouse://user:pass@host:8123/db`.")
    blobs_url: str = Field(default="", description="`file:///dir`, `s3://bucket/prefix`, `gs://…` or `az://…`.")
    control_url: str = Field(default="", description="`sqlite:///file` or `postgresql+psycopg://…`.")
    analytics_backup: str = Field(
        default="", description="Where a ClickHouse server writes its backups: `Disk('backups', '{name}')`."
    )
    regions: str = Field(
        default="", description="Regions with stores of their own, for projects that must stay there: JSON by name."
    )
    public_url: str = Field(default="", description="The address people and browsers reach this server at.")
    replay_origin: str = Field(default="", description="An origin of its own for the player document.")
    secret: str = Field(
        default="",
        description="Keys pseudonyms of masked and deleted ids; made and kept in the data directory when empty.",
    )
    master_key: str = Field(
        default="", description="32 bytes in base64 that wrap all keys: recordings and the journal are encrypted."
    )
    master_keys_before: str = Field(
        default="", description="Former master keys, blanks between: `playhead keys rotate` leaves them."
    )
    kms_command: str = Field(default="", description="A command that wraps and unwraps keys in the master key's stead.")
    oidc: str = Field(
        default="", description="Providers that members can log in by, a JSON list; docs/guide/sso.md says of what."
    )
    retention_days: int = Field(default=30, ge=1, le=3650, description="Days a replay is kept, from its first batch.")

    deletion_quiet_hours: int = Field(
        default=24, ge=0, le=720, description="What a deleted person does within so many hours is refused for good."
    )
    retrieval_days: int = Field(default=7, ge=1, le=90, description="Days a retrieval's file can be downloaded.")

    geoip_file: str = Field(
        default="", description="A MaxMind city file (.mmdb): events and profiles get city, region and country."
    )

    demo: bool = Field(default=False, description="Serve the sample shop at `/shop/`; `playhead demo` sets it.")

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8800, ge=0, le=65535, description="Port to listen on.")
    web_processes: int = Field(default=1, ge=1, le=64, description="Capture and API processes sharing the port.")

    max_body_bytes: int = Field(default=20_000_000, ge=1, description="Largest request body, as sent.")
    max_unpacked_bytes: int = Field(default=100_000_000, ge=1, description="Largest request body, decompressed.")
    max_events_bytes: int = Field(
        default=10_000_000, ge=1, description="Largest body of events or profile operations, decompressed."
    )
    max_rrweb_events: int = Field(default=50_000, ge=1, description="Most rrweb events in a request.")
    max_events_per_request: int = Field(
        default=2_000, ge=1, description="Most events or profile operations in a request."
    )
    rate_limit_per_second: int = Field(
        default=2_000, ge=1, description="Requests a second and project, with bursts of ten times that."
    )
    journal_max_bytes: int = Field(default=10_000_000_000, ge=1, description="Largest backlog the journal takes.")
    journal_max_lag_seconds: int = Field(
        default=3_600, ge=1, description="Age of the oldest undelivered item at which capture answers 429."
    )

    flush_seconds: float = Field(default=0.5, gt=0, description="How often delivery writes what is waiting.")
    flush_bytes: int = Field(default=8_000_000, ge=1, description="Most bytes in one delivery flush.")
    seal_idle_seconds: int = Field(default=1_800, ge=1, description="A replay quiet for so long is sealed.")
    compact_seconds: int = Field(default=300, ge=1, description="A long replay is compacted this often.")
    compact_blocks: int = Field(default=60, ge=2, description="A replay with so many hot blocks is compacted.")

    _region: str = PrivateAttr("")

    @property
    def region(self) -> str:
        """Which region's stores these settings name; empty for those of all projects that are in none."""
        return self._region

    def of_region(self, region: str, stores: dict[str, str]) -> Settings:
        """The same settings with another region's stores, and its own journal."""
        found = self.model_copy(update=stores)
        found._region = region
        return found

    @property
    def analytics(self) -> str:
        return self.analytics_url or f"chdb://{(self.data / 'analytics').resolve()}"

    @property
    def blobs(self) -> str:
        return self.blobs_url or f"file://{(self.data / 'blobs').resolve()}"

    @property
    def control(self) -> str:
        return self.control_url or f"sqlite:///{(self.data / 'control.sqlite').resolve()}"

    @property
    def journal_path(self) -> Path:
        return self.data / (f"journal-{self._region}.sqlite" if self._region else "journal.sqlite")
