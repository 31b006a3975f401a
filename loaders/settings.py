"""Settings from the environment and `.env`; every field has its line in `.env.example`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.sources import DotEnvSettingsSource, EnvSettingsSource

from loaders.errors import ConfigurationError
from loaders.systems import DISPATCH, DTX1, PROJECT_ROOT, System, chosen_system

__all__ = ["PROJECT_ROOT", "DispatchSettings", "Settings", "load_settings"]


class Settings(BaseSettings):
    """All settings. A role's connection is `target_*` with that role's user and password.

    Roles (least privilege, reliability P15): *transform* owns the raw layer, decoded and dbt's schemas; *publisher*
    inserts and updates application rows and writes the ledger; *rollback* deletes what was published; *owner* creates
    schemas and grants.
    """

    system: ClassVar[System] = DTX1

    model_config = SettingsConfigDict(
        env_prefix="DTX_", env_file=PROJECT_ROOT / ".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    environment: Literal["sandbox", "rehearsal", "production"] = Field(
        description="Which kind of target this is; production asks for the database's name before it writes."
    )

    source_host: str
    source_port: int = 3306
    source_database: str = "dtx1"
    source_user: str
    source_password: SecretStr
    source_tls_ca: Path | None = Field(
        default=None, description="CA certificates (PEM) of the legacy server; the connection is refused without them."
    )

    target_host: str
    target_port: int = 5432
    target_database: str
    target_user: str = Field(description="The transform role.")
    target_password: SecretStr
    publisher_user: str
    publisher_password: SecretStr
    rollback_user: str
    rollback_password: SecretStr
    owner_user: str
    owner_password: SecretStr

    publish_writers: int = Field(
        default=2,
        ge=1,
        le=16,
        description="Batches of a long model that are written side by side; 1 spares the server.",
    )

    efs_root: Path = Field(description="Folder that repo_filepath is relative to; /efsdata/filerepo in DTX 1.0.")
    s3_bucket: str
    s3_endpoint_url: str | None = None
    s3_storage_class: str = "STANDARD"
    s3_server_side_encryption: Literal["AES256", "aws:kms"] | None = None
    s3_kms_key_id: str | None = None
    s3_client: Literal["direct", "boto3"] = Field(
        default="direct", description="What moves files of up to 16 MB; larger ones always go by boto3's multipart."
    )
    s3_attempts: int = Field(default=8, ge=1, le=20, description="How often a request to S3 is tried in all.")
    s3_timeout_seconds: float = Field(
        default=60, gt=0, description="Each wait for bytes; a request of up to 16 MB takes twice as long at most."
    )
    files_workers: int = Field(
        default=8, ge=1, le=256, description="Readers at once; 32 or more where EFS and S3 are milliseconds away."
    )
    files_per_second: float | None = Field(default=None, gt=0)
    megabytes_per_second: float | None = Field(default=None, gt=0)

    archive_url: str | None = Field(default=None, description="s3://bucket/prefix, or a folder's absolute path.")
    archive_recipients: str | None = Field(default=None, description="age public keys, joined by commas.")
    archive_identity_file: Path | None = Field(
        default=None, description="age private keys; to make an archive none is needed."
    )
    archive_retention_days: int = Field(default=3653, ge=1)
    archive_mask_key: SecretStr | None = Field(default=None, min_length=32)
    archive_restore_password: SecretStr | None = None

    metabase_url: str | None = Field(default=None, description="Metabase's own address, without /api.")
    metabase_api_key: SecretStr | None = Field(default=None, description="Of the group Administrators.")
    reporting_user: str = Field(
        default="dtx_reporting", description="The role Metabase reads with; sees `reporting` only."
    )
    reporting_password: SecretStr | None = None
    reporting_host: str | None = Field(default=None, description="As Metabase reaches it; the target's when not set.")
    reporting_port: int | None = None
    reporting_ssl: bool = Field(default=False, description="Whether Metabase's connection is to ask for TLS.")
    reporting_time_zone: str = Field(
        default="America/New_York", description="Of the schedules' hours; must be Metabase's report time zone."
    )

    @property
    def roles(self) -> dict[str, str]:
        """Role to its database user; *reporting* only where a system's reports come back."""
        roles = {
            "transform": self.target_user,
            "publisher": self.publisher_user,
            "rollback": self.rollback_user,
            "owner": self.owner_user,
        }
        return roles | ({"reporting": self.reporting_user} if self.system.has_reporting else {})


class DispatchSettings(Settings):
    """Settings of the dispatch migration: its two databases are DISPATCH_*, all else is as it is for DTX 1.0."""

    system: ClassVar[System] = DISPATCH

    source_port: int = 5432
    source_database: str = "dispatch"
    # Dispatch has no files.
    efs_root: Path = Path()
    s3_bucket: str = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what belongs to the databases from variables of the system's own prefix, and nothing else."""
        file = dotenv_settings.env_file if isinstance(dotenv_settings, DotEnvSettingsSource) else None
        own = DISPATCH.prefix
        return (
            init_settings,
            _Some(settings_cls, EnvSettingsSource(settings_cls, env_prefix=own), of_databases=True),
            _Some(settings_cls, DotEnvSettingsSource(settings_cls, env_file=file, env_prefix=own), of_databases=True),
            _Some(settings_cls, env_settings, of_databases=False),
            _Some(settings_cls, dotenv_settings, of_databases=False),
        )


class _Some(PydanticBaseSettingsSource):
    """Another source's values, but only those of the databases, or only the others."""

    def __init__(
        self, settings_cls: type[BaseSettings], source: PydanticBaseSettingsSource, *, of_databases: bool
    ) -> None:
        super().__init__(settings_cls)
        self._source, self._of_databases = source, of_databases

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """As the other source has it."""
        return self._source.get_field_value(field, field_name)

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in self._source().items() if is_of_databases(name) == self._of_databases}


def is_of_databases(name: str) -> bool:
    """Whether a setting says which databases a migration goes from and to, and as whom; each system has its own."""
    return name == "environment" or name.startswith(("source_", "target_", "publisher_", "rollback_", "owner_"))


def load_settings() -> Settings:
    """Read the chosen system's settings once.

    Raises:
        ConfigurationError: names each variable that is missing or wrong, without its value.
    """
    return _load(chosen_system())


@cache
def _load(system: System) -> Settings:
    try:
        return DispatchSettings() if system is DISPATCH else Settings()
    except ValidationError as error:
        faults = [
            f"{_variable(system, '_'.join(map(str, e['loc'])))}: {e['msg']}" for e in error.errors(include_input=False)
        ]
        raise ConfigurationError(
            "settings are missing or wrong: " + "; ".join(faults),
            hint="Each has its line in .env.example: copy that to .env and fill it in, or correct yours. "
            "`make sandbox` writes one for its own servers.",
        ) from None


def _variable(system: System, name: str) -> str:
    return f"{system.prefix if is_of_databases(name) else DTX1.prefix}{name.upper()}"
