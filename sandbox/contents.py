"""What the sandbox's servers hold: emptied, then filled by the generator."""

from __future__ import annotations

from pathlib import Path

from loaders.database import connect
from loaders.errors import ConfigurationError
from sandbox import dtx2
from sandbox.dtx1 import schema as dtx1
from sandbox.generator import GeneratorError, Plan, check, generate
from sandbox.servers.stack import Stack, remove_tree


def renew(stack: Stack, plan: Plan, answer_key: Path) -> dict[str, int]:
    """Empty the sandbox's databases, bucket and files, and fill them anew.

    Args:
        stack: the running servers.
        plan: what to generate.
        answer_key: folder for the answer key.

    Returns:
        Rows of DTX 1.0 by table.

    Raises:
        ConfigurationError: the plan is too small for the planted rows; nothing was emptied.
        ServiceError: Django could not make the application's tables.
    """
    try:
        check(plan)
    except GeneratorError as error:
        raise ConfigurationError(str(error), hint=error.hint) from None
    # alembic: half the time that every command of the sandbox took to start.
    from loaders.ledger.schema import upgrade_ledger  # noqa: PLC0415

    _empty(stack)
    password = stack.postgres.role_password
    dtx2.migrate(dtx2.Database(stack.postgres.host, stack.postgres.port, stack.target_database, password))
    with (
        stack.mariadb.connect(stack.source_database, local_infile=True) as source,
        connect(stack.settings(), "owner") as owner,
    ):
        dtx1.apply(source)
        upgrade_ledger(owner)
        return generate(plan, source, owner, stack.efs_root, answer_key)


def _empty(stack: Stack) -> None:
    stack.mariadb.drop_database(stack.source_database)
    stack.mariadb.create_database(stack.source_database)
    stack.postgres.drop_database(stack.target_database)
    stack.postgres.create_database(stack.target_database)
    client = stack.s3.client()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=stack.bucket):
        if keys := [{"Key": each["Key"]} for each in page.get("Contents", [])]:
            client.delete_objects(Bucket=stack.bucket, Delete={"Objects": keys})
    remove_tree(stack.efs_root)
