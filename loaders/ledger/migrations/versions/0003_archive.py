"""The archive's files: what each was proven to be, and when.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UPGRADE = """
create table migration.archive_object (
    archive text collate "C" not null,
    object_name text collate "C" not null,
    location text not null,
    system text collate "C",
    source_table text collate "C",
    run_id bigint not null references migration.run (run_id),
    as_of timestamptz not null,
    keep_until date not null,
    is_encrypted boolean not null,
    state text not null check (state in ('verified', 'damaged')),
    finding text,
    row_count bigint,
    plain_bytes bigint,
    plain_sha256 bytea,
    compressed_bytes bigint,
    compressed_sha256 bytea,
    stored_bytes bigint not null,
    stored_sha256 bytea not null,
    verified_at timestamptz not null default clock_timestamp(),
    opened_at timestamptz,
    primary key (archive, object_name),
    check ((source_table is null) = (row_count is null)),
    check ((state = 'damaged') = (finding is not null))
);
comment on table migration.archive_object is
'One row per file of a finished archive, its manifest too; written in one transaction, after all were read back.';
comment on column migration.archive_object.state is
'verified: the stored bytes were read back and are those that were sent; damaged: a later look found otherwise.';
comment on column migration.archive_object.verified_at is 'When the stored bytes were last read back and held.';
comment on column migration.archive_object.opened_at is
'When it was last decrypted and its rows counted; NULL while nobody who has the identity did.';
create index archive_object_table on migration.archive_object (system, source_table, as_of);
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute("drop table migration.archive_object")
