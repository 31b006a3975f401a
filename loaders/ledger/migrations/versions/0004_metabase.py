"""What was applied to Metabase: each object's number there, and its fields as they were last written.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UPGRADE = """
create table migration.metabase_object (
    metabase_url text collate "C" not null,
    object_key text collate "C" not null,
    kind text not null,
    metabase_id bigint,
    entity_id text,
    applied jsonb,
    applied_at timestamptz not null default now(),
    primary key (metabase_url, object_key)
);
comment on table migration.metabase_object is
'One row per object of ours in a Metabase. What differs from it there was edited by hand.';
comment on column migration.metabase_object.metabase_url is 'Which Metabase: a rehearsal''s and production''s differ.';
comment on column migration.metabase_object.object_key is 'Names the object for good, such as question:report:55.';
comment on column migration.metabase_object.metabase_id is
'Its number there; NULL for permissions, which have none, and while its creation is not finished.';
comment on column migration.metabase_object.applied is
'Its fields as they were last written and read back, other objects named by their keys; NULL while its creation is not
finished.';
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute("drop table migration.metabase_object")
