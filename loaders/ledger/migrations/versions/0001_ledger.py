"""The ledger's first shape: runs, batches, id map, before-images, dispositions, rejects, file transfers.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UPGRADE = """
create table migration.run (
    run_id bigint generated always as identity primary key,
    command text not null,
    state text not null check (state in ('running', 'succeeded', 'failed', 'interrupted')),
    fencing_token bigint,
    code_version text not null,
    host text not null,
    process_id integer not null,
    backend_pid integer,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    outcome jsonb not null default '{}'
);
comment on table migration.run is 'One row per execution of a command that writes.';

create table migration.writer_lease (
    name text primary key,
    fencing_token bigint not null default 0,
    run_id bigint references migration.run (run_id),
    holder text,
    acquired_at timestamptz
);
comment on table migration.writer_lease is
'Who may write, and the token every batch checks under a share lock (reliability P4).';
insert into migration.writer_lease (name) values ('publish'), ('files');

create table migration.batch (
    batch_id bigint generated always as identity primary key,
    run_id bigint not null references migration.run (run_id),
    model text not null,
    entity text collate "C" not null,
    target_table text collate "C" not null,
    mode text not null check (mode in ('insert', 'update', 'merge_json')),
    ordinal integer not null,
    columns text[] not null default '{}',
    state text not null check (state in ('committed', 'rolled_back')),
    input_fingerprint bytea not null,
    fencing_token bigint not null,
    rows_in integer not null,
    rows_published integer not null,
    rows_present integer not null,
    rows_rejected integer not null,
    code_version text not null,
    started_at timestamptz not null,
    committed_at timestamptz not null default clock_timestamp(),
    rolled_back_at timestamptz,
    rolled_back_by bigint references migration.run (run_id),
    unique (run_id, model, ordinal)
);
comment on table migration.batch is 'One row per published batch, committed together with its rows.';
comment on column migration.batch.columns is
'The target columns it wrote and its hashes cover, in the order of the hash.';
create index batch_model on migration.batch (model, target_table);

create table migration.id_map (
    id_map_id bigint generated always as identity primary key,
    entity text collate "C" not null,
    source_key text collate "C" not null,
    legacy_key text collate "C" not null,
    target_table text collate "C" not null,
    target_id text collate "C",
    area text not null,
    state text not null check (state in ('migrated', 'rejected', 'skipped', 'undone')),
    batch_id bigint references migration.batch (batch_id),
    published_hash bytea,
    recorded_at timestamptz not null default clock_timestamp(),
    check (state <> 'migrated' or target_id is not null)
);
comment on table migration.id_map is
'Legacy key to target row, for every area; rejected and skipped parents too, so that a child can cite them.';
comment on column migration.id_map.source_key is 'Key of the source row.';
comment on column migration.id_map.legacy_key is
'The source key, or source key, # and position where one source row yields several target rows.';
create unique index id_map_current on migration.id_map (entity, legacy_key, target_table) where state <> 'undone';
create index id_map_source on migration.id_map (entity, source_key);
create index id_map_batch on migration.id_map (batch_id) where batch_id is not null;
create index id_map_target on migration.id_map (target_table, target_id);

create table migration.before_image (
    batch_id bigint not null references migration.batch (batch_id),
    target_table text collate "C" not null,
    target_id text collate "C" not null,
    column_values jsonb not null,
    primary key (batch_id, target_table, target_id)
);
comment on table migration.before_image is 'The columns an update changed, as they were before it.';
comment on column migration.before_image.column_values is
'Column to value as PostgreSQL prints it, a string for every type, or null for NULL: read it with ->> and a cast.';

create table migration.drift (
    run_id bigint not null references migration.run (run_id),
    model text not null,
    legacy_key text collate "C" not null,
    target_table text collate "C" not null,
    target_id text collate "C" not null,
    source_state text not null check (source_state in ('same', 'changed', 'gone')),
    target_state text not null check (target_state in ('same', 'changed', 'deleted')),
    columns text[] not null,
    primary key (run_id, model, legacy_key)
);
comment on table migration.drift is
'Published rows that a run found different in the source, in the target or in both, and left as they were.';

create table migration.rollback_refusal (
    run_id bigint not null references migration.run (run_id),
    batch_id bigint not null references migration.batch (batch_id),
    legacy_key text collate "C" not null,
    target_table text collate "C" not null,
    target_id text collate "C" not null,
    reason text not null check (reason in ('edited', 'deleted', 'referenced')),
    referenced_by text,
    primary key (run_id, batch_id, legacy_key)
);
comment on table migration.rollback_refusal is 'Rows that a rollback left in place, and why.';

create table migration.disposition (
    system text collate "C" not null,
    source_table text collate "C" not null,
    source_key text collate "C" not null,
    disposition text not null check (
        disposition in ('publish', 'update', 'already_present', 'elsewhere', 'skip', 'archive', 'reject')
    ),
    reason_code text not null,
    decision_id text,
    run_id bigint not null references migration.run (run_id),
    primary key (system, source_table, source_key)
);
comment on table migration.disposition is 'What the models decided for each source row, as of the last publish run.';

create table migration.reject (
    system text collate "C" not null,
    source_table text collate "C" not null,
    source_key text collate "C" not null,
    legacy_key text collate "C" not null,
    stage text not null check (stage in ('transform', 'files', 'publish')),
    reason_code text not null,
    column_name text,
    sqlstate text,
    payload jsonb,
    run_id bigint not null references migration.run (run_id),
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (system, source_table, legacy_key, stage)
);
comment on column migration.reject.payload is 'The row, for those who may read it; never logged.';
create index reject_source on migration.reject (system, source_table, source_key);

create table migration.file_transfer (
    entity text not null,
    legacy_key text not null,
    source_key text not null,
    source_path text not null,
    object_key text not null,
    state text not null check (state in ('planned', 'claimed', 'verified', 'rejected')),
    reason_code text,
    size_bytes bigint,
    modified_at timestamptz,
    sha256 bytea,
    attempts integer not null default 0,
    lease_owner text,
    lease_until timestamptz,
    run_id bigint references migration.run (run_id),
    verified_at timestamptz,
    primary key (entity, legacy_key),
    check (state <> 'verified' or (sha256 is not null and size_bytes is not null and verified_at is not null)),
    check (state <> 'rejected' or reason_code is not null)
);
create unique index file_transfer_object on migration.file_transfer (object_key);
create index file_transfer_open on migration.file_transfer (entity, legacy_key) where state in ('planned', 'claimed');
comment on table migration.file_transfer is 'Each file''s way from EFS to S3; verified: its stored bytes were proven.';
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute("drop schema migration cascade")
