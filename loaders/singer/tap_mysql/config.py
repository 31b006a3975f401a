"""Settings of `tap-mysql`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class TapConfig(BaseModel):
    """What Meltano passes with `--config`; `meltano.yml` says where each value comes from."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: str
    port: int = 3306
    user: str
    password: SecretStr
    database: str = "dtx1"
    connections: int = Field(default=2, ge=1, le=16, description="Tables read at the same time.")
    tables: tuple[str, ...] = Field(
        default=(), description="Tables to discover, each of which must be there; all tables and views when empty."
    )
    bytes_columns: frozenset[str] = Field(
        default=frozenset(), description="Text columns, as table.column, that are read as their stored bytes (E1)."
    )
