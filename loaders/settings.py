"""Settings from the environment and `.env`; every field has its line in `.env.example`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from loaders.errors import ConfigurationError

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """All settings. A role's connection is `target_*` with that role's user and password.

    Roles (least privilege, reliability P15): *transform* owns raw_dtx1, decoded and dbt's schemas; *publisher* inserts
    and updates application rows and writes the ledger; *rollback* deletes what was published; *owner* creates schemas
    and grants.
    """

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
    s3_client: Literal["obstore", "boto3"] = Field(
        default="obstore", description="What moves files of up to 16 MB; larger ones always go by boto3's multipart."
    )
    s3_attempts: int = Field(default=8, ge=1, le=20, description="How often a request to S3 is tried in all.")
    s3_timeout_seconds: float = Field(
        default=60, gt=0, description="A request of up to 16 MB in all; for larger files, each wait for bytes."
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


@cache
def load_settings() -> Settings:
    """Read the settings once.

    Raises:
        ConfigurationError: names each variable that is missing or wrong, without its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = [f"DTX_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors(include_input=False)]
        raise ConfigurationError(
            "settings are missing or wrong: " + "; ".join(faults),
            hint="Copy .env.example to .env and fill it in, or run `make sandbox`, which writes one.",
        ) from None
