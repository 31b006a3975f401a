"""Settings of `target-postgres`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class TargetConfig(BaseModel):
    """What Meltano passes with `--config`; `meltano.yml` says where each value comes from."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    host: str
    port: int = 5432
    user: str
    password: SecretStr
    database: str
    raw_schema: str = Field(default="raw_dtx1", alias="schema", description="Schema of the raw tables.")
    max_shrink_share: float = Field(
        default=0.5, ge=0, le=1, description="A table that loses a greater share of its rows stops the load (E6)."
    )
    allow_shrink: frozenset[str] = Field(
        default=frozenset(), description="Tables that may shrink further than that, or become empty."
    )
    allow_vanished_columns: frozenset[str] = Field(
        default=frozenset(), description="Columns, as table.column, that may be gone from the source; they become NULL."
    )
