"""Values at a path of a jsonb column; before-images by map row; shared columns; which dbt run built what is published.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UPGRADE = """
alter table migration.id_map
add json_path text[] check (cardinality(json_path) > 0),
add shared_hash bytea;
create index id_map_place on migration.id_map (target_table, target_id, json_path) where json_path is not null;
comment on column migration.id_map.json_path is
'merge_json: where in the one column of its batch the value stands; NULL where whole columns were published.';
comment on column migration.id_map.shared_hash is
'The hash of the batch''s shared columns as they were inserted; published_hash leaves them out.';

alter table migration.batch add shared_columns text[] not null default '{}';
comment on column migration.batch.shared_columns is
'The target columns it inserted and other batches may change; its hashes leave them out.';

-- Several map rows may share a target row: each has its own image.
alter table migration.before_image
add id_map_id bigint references migration.id_map (id_map_id),
add objects_before integer check (objects_before >= 0);
update migration.before_image set id_map_id = (
    select id_map.id_map_id
    from migration.id_map
    inner join migration.batch as published on published.batch_id = id_map.batch_id
    inner join migration.batch as changed on changed.batch_id = before_image.batch_id
    where id_map.target_table = before_image.target_table and id_map.target_id = before_image.target_id
    and id_map.entity = changed.entity and published.model = changed.model and id_map.batch_id <= before_image.batch_id
    order by id_map.batch_id desc, id_map.id_map_id desc
    limit 1
);
alter table migration.before_image
alter column id_map_id set not null,
drop constraint before_image_pkey,
add primary key (batch_id, id_map_id);
create index before_image_id_map on migration.before_image (id_map_id);
comment on column migration.before_image.column_values is
'Column to value as PostgreSQL prints it, a string for every type, or null for NULL: read it with ->> and a cast. '
'merge_json: the value at the path, or null for its absence.';
comment on column migration.before_image.objects_before is
'merge_json: how many objects of the path, the column itself being the first, were there before this migration; '
'the others go again once they are empty.';

create table migration.build (
    build_id bigint generated always as identity primary key,
    invocation_id text not null unique,
    selected text[] not null,
    built text[] not null default '{}',
    application_name text not null default current_setting('application_name'),
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    broken_off_at timestamptz
);
comment on table migration.build is
'One row per dbt run, written by its hooks: publish refuses what no finished run has built (reliability P9).';
comment on column migration.build.selected is 'The models and seeds it set out to build, by unique id.';
comment on column migration.build.built is 'Those of them that succeeded.';
comment on column migration.build.application_name is 'What dbt''s sessions in this database were called.';
comment on column migration.build.broken_off_at is
'When a later run found it unfinished and none of its sessions alive.';

-- The files stage has never taken this lease: its rows are claimed one by one.
delete from migration.writer_lease where name = 'files';
"""

DOWNGRADE = """
insert into migration.writer_lease (name) values ('files');
drop table migration.build;
alter table migration.before_image
drop constraint before_image_pkey,
drop column id_map_id,
drop column objects_before,
add primary key (batch_id, target_table, target_id);
alter table migration.id_map drop column json_path, drop column shared_hash;
alter table migration.batch drop column shared_columns;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
