"""Settings of `tap-postgres`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class TapConfig(BaseModel):
    """What Meltano passes with `--config`; `meltano.yml` says where each value comes from."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    host: str
    port: int = 5432
    user: str
    password: SecretStr
    database: str
    tls_ca: Path | None = Field(
        default=None, description="CA certificates (PEM); with them the server has to prove that it is the host."
    )
    source_schema: str = Field(default="public", alias="schema", description="Schema of the tables.")
    connections: int = Field(default=2, ge=1, le=16, description="Tables read at the same time.")
    tables: tuple[str, ...] = Field(
        default=(), description="Tables to discover, each of which must be there; all tables and views when empty."
    )
    withheld_columns: frozenset[str] = Field(
        default=frozenset(), description="Columns, as table.column, that never leave the source; each must be there."
    )

    @field_validator("tls_ca", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        """Meltano passes a variable that is not set as an empty string."""
        return value or None
