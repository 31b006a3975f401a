"""What each dbt run built is known by its code, so that a model that was changed since is not published as it was.

Revision ID: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UPGRADE = """
alter table migration.build add column code text[] not null default '{}';
comment on column migration.build.selected is
    'The models and seeds it set out to build, and those it leaves older than their inputs, by unique id.';
comment on column migration.build.code is 'dbt''s checksums of the files of what it built, in the order of `built`.';
"""
DOWNGRADE = """
comment on column migration.build.selected is 'The models and seeds it set out to build, by unique id.';
alter table migration.build drop column code;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
