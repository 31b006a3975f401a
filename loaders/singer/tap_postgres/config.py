"""Settings of `tap-postgres`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class TapConfig(BaseModel):
    """What Meltano passes with `--config`; `meltano.yml` says where each value comes from."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    host: str
    port: int = 5432
    user: str
    password: SecretStr
    database: str
    source_schema: str = Field(default="public", alias="schema", description="Schema of the tables.")
    connections: int = Field(default=2, ge=1, le=16, description="Tables read at the same time.")
    tables: tuple[str, ...] = Field(
        default=(), description="Tables to discover, each of which must be there; all tables and views when empty."
    )
    withheld_columns: frozenset[str] = Field(
        default=frozenset(), description="Columns, as table.column, that never leave the source; each must be there."
    )
