"""Split cases, suppression that is asked, and yearly reviews of what a contract keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _breach_notice()
    _added_columns()
    _sealed_words()


def _breach_notice() -> None:
    op.create_table(
        "breach_notice",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("breach_id", sa.Text(), nullable=False),
        sa.Column("outbox_id", sa.Text(), nullable=False),
        sa.Column("recipient_index", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["breach_id"], ["breach.id"], name=op.f("fk_breach_notice_breach_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_breach_notice_organisation_id")
        ),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_breach_notice_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breach_notice")),
        sa.UniqueConstraint("breach_id", "recipient_index", name=op.f("uq_breach_notice_breach_id_recipient_index")),
    )
    op.create_index(op.f("ix_breach_notice_breach_id"), "breach_notice", ["breach_id"], unique=False)
    op.create_index(op.f("ix_breach_notice_organisation_id"), "breach_notice", ["organisation_id"], unique=False)


# Words of staff that stood here unsealed. They are not carried over: sealing needs a key that no migration has.
_WORDS = (("breach", "reason"), ("mandate", "scope"), ("recipient_notice", "note"))


def _sealed_words() -> None:
    for name, column in _WORDS:
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.drop_column(column)
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.add_column(sa.Column(column, sa.LargeBinary(), nullable=True))


def _added_columns() -> None:
    """Columns on tables of earlier revisions."""
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("identity", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("note", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("suppression", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("suppression", schema=None) as batch_op:
        batch_op.alter_column("erased", server_default=None)  # it was for the rows that stood
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.add_column(sa.Column("others", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("look_first", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.alter_column("look_first", server_default=None)  # it was for the rows that stood
    with op.batch_alter_table("case_identifier", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_identifier_value_index"), ["value_index"], unique=False)
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("copy_of", sa.Text(), nullable=True))
    with op.batch_alter_table("breach", schema=None) as batch_op:
        batch_op.add_column(sa.Column("letter", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("restriction", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_by", sa.Text(), nullable=True))
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("data_key_id", sa.Text(), nullable=True))
    with op.batch_alter_table("recipient_notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("data_key_id", sa.Text(), nullable=True))


def downgrade() -> None:
    """Takes back what upgrade added, last first."""
    for name, column in _WORDS:
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.drop_column(column)
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.add_column(sa.Column(column, sa.Text(), nullable=False, server_default=""))
    for name, column in (
        ("recipient_notice", "data_key_id"), ("mandate", "data_key_id"), ("breach", "letter"),
        ("message", "copy_of"), ("request", "resumed_at"), ("restriction", "told_by"),
    ):  # fmt: skip
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.drop_column(column)
    with op.batch_alter_table("case_identifier", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_identifier_value_index"))
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_column("look_first")
        batch_op.drop_column("others")
    with op.batch_alter_table("suppression", schema=None) as batch_op:
        batch_op.drop_column("erased")
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.drop_column("reviewed_at")
        batch_op.drop_column("note")
        batch_op.drop_column("identity")
    op.drop_table("breach_notice")
