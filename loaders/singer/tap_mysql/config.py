"""Settings of `tap-mysql`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class TapConfig(BaseModel):
    """What Meltano passes with `--config`; `meltano.yml` says where each value comes from."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str
    port: int = 3306
    user: str
    password: SecretStr
    database: str = "dtx1"
    tls_ca: Path | None = Field(
        default=None, description="CA certificates (PEM); with them the server has to prove that it is the host."
    )
    connections: int = Field(default=2, ge=1, le=16, description="Tables read at the same time.")
    tables: tuple[str, ...] = Field(
        default=(), description="Tables to discover, each of which must be there; all tables and views when empty."
    )
    bytes_columns: frozenset[str] = Field(
        default=frozenset(), description="Text columns, as table.column, that are read as their stored bytes (E1)."
    )

    @field_validator("tls_ca", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        """Meltano passes a variable that is not set as an empty string."""
        return value or None
