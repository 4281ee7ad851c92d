"""The named doubt about somebody's identity is sealed like every other word of staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What stands unsealed is not carried over: sealing needs a key that no migration has."""
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_column("doubt")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("doubt", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_column("doubt")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("doubt", sa.Text(), nullable=False, server_default=""))
