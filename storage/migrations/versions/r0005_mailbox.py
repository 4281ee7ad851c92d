"""The shared mailbox: acts in it, how far a channel may go, stops, spam marks, sign-ins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _outgoing_stop()
    _channel_state()
    _mailbox_act()
    _oauth_grant()
    _sender_mark()
    _added_columns()
    _who_answered_already()


def _outgoing_stop() -> None:
    op.create_table(
        "outgoing_stop",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_stop")),
    )


def _channel_state() -> None:
    op.create_table(
        "channel_state",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticked", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("backlog_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_channel_state_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_state")),
        sa.UniqueConstraint("organisation_id", "channel", name=op.f("uq_channel_state_organisation_id_channel")),
    )
    op.create_index(op.f("ix_channel_state_organisation_id"), "channel_state", ["organisation_id"], unique=False)


def _mailbox_act() -> None:
    op.create_table(
        "mailbox_act",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("inbound_id", sa.Text(), nullable=True),
        sa.Column("outbox_id", sa.Text(), nullable=True),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("stays", sa.Boolean(), nullable=False),
        sa.Column("data_key_id", sa.Text(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_token", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_mailbox_act_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_act")),
    )
    op.create_index(op.f("ix_mailbox_act_inbound_id"), "mailbox_act", ["inbound_id"], unique=False)
    op.create_index(op.f("ix_mailbox_act_organisation_id"), "mailbox_act", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_mailbox_act_outbox_id"), "mailbox_act", ["outbox_id"], unique=False)
    op.create_index("ix_mailbox_act_work", "mailbox_act", ["status", "not_before", "lease_until"], unique=False)


def _oauth_grant() -> None:
    op.create_table(
        "oauth_grant",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_oauth_grant_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_grant")),
    )
    op.create_index(op.f("ix_oauth_grant_organisation_id"), "oauth_grant", ["organisation_id"], unique=False)


def _sender_mark() -> None:
    op.create_table(
        "sender_mark",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("address_index", sa.Text(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("marked_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_sender_mark_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender_mark")),
        sa.UniqueConstraint(
            "organisation_id", "address_index", name=op.f("uq_sender_mark_organisation_id_address_index")
        ),
    )
    op.create_index(op.f("ix_sender_mark_organisation_id"), "sender_mark", ["organisation_id"], unique=False)


def _added_columns() -> None:
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("linked_to", sa.Text(), nullable=True))

    with op.batch_alter_table("identity_code", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outbox_id", sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f("ix_identity_code_outbox_id"), ["outbox_id"], unique=False)

    with op.batch_alter_table("inbound", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin", sa.Text(), nullable=False, server_default="inbox"))
        batch_op.add_column(sa.Column("sender", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("suggested_case_id", sa.Text(), nullable=True))

    with op.batch_alter_table("inbound", schema=None) as batch_op:
        batch_op.alter_column("origin", server_default=None)  # it was for the rows that stood

    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("notified_at", sa.DateTime(timezone=True), nullable=True))


def _who_answered_already() -> None:
    """Organisations that ran before there were modes go on as they did."""
    op.execute(
        "INSERT INTO channel_state (id, organisation_id, channel, mode, changed_at, changed_by, reason) "
        "SELECT id || '\\:email', id, 'email', 'aan', created_at, 'program', '' FROM organisation"
    )


def downgrade() -> None:
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.drop_column("notified_at")

    with op.batch_alter_table("inbound", schema=None) as batch_op:
        batch_op.drop_column("suggested_case_id")
        batch_op.drop_column("sender")
        batch_op.drop_column("origin")

    with op.batch_alter_table("identity_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_code_outbox_id"))
        batch_op.drop_column("outbox_id")

    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.drop_column("linked_to")

    op.drop_table("sender_mark")

    op.drop_table("oauth_grant")

    op.drop_table("mailbox_act")

    op.drop_table("channel_state")
    op.drop_table("outgoing_stop")
