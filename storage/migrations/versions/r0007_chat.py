"""Chats: sessions, what a channel has read, the staff who decide in a chat and what they have seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _channel_cursor()
    _chat_session()
    _staff_chat()
    _staff_button()
    _draft_view()
    _added_columns()


def _channel_cursor() -> None:
    op.create_table(
        "channel_cursor",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_channel_cursor_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_cursor")),
    )
    op.create_index(op.f("ix_channel_cursor_organisation_id"), "channel_cursor", ["organisation_id"], unique=False)


def _chat_session() -> None:
    op.create_table(
        "chat_session",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("vouched", sa.LargeBinary(), nullable=True),
        sa.Column("vouched_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("network_index", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_chat_session_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_session")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_chat_session_token_digest")),
    )
    op.create_index(op.f("ix_chat_session_organisation_id"), "chat_session", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_chat_session_network_index"), "chat_session", ["network_index"], unique=False)


def _staff_chat() -> None:
    op.create_table(
        "staff_chat",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.LargeBinary(), nullable=True),
        sa.Column("chat_index", sa.Text(), nullable=True),
        sa.Column("user_index", sa.Text(), nullable=True),
        sa.Column("code_digest", sa.Text(), nullable=False),
        sa.Column("code_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_chat_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_chat")),
    )
    op.create_index(op.f("ix_staff_chat_chat_index"), "staff_chat", ["chat_index"], unique=False)
    op.create_index(op.f("ix_staff_chat_staff_id"), "staff_chat", ["staff_id"], unique=False)
    op.create_index(op.f("ix_staff_chat_user_index"), "staff_chat", ["user_index"], unique=False)


def _staff_button() -> None:
    op.create_table(
        "staff_button",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("staff_chat_id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.Text(), nullable=True),
        sa.Column("package_digest", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("asked_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_staff_button_organisation_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_staff_button_request_id")),
        sa.ForeignKeyConstraint(["staff_chat_id"], ["staff_chat.id"], name=op.f("fk_staff_button_staff_chat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_button")),
    )
    op.create_index(op.f("ix_staff_button_organisation_id"), "staff_button", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_staff_button_request_id"), "staff_button", ["request_id"], unique=False)
    op.create_index(op.f("ix_staff_button_staff_chat_id"), "staff_button", ["staff_chat_id"], unique=False)


def _draft_view() -> None:
    op.create_table(
        "draft_view",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("package_digest", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_draft_view_draft_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_draft_view_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_view")),
    )
    op.create_index(op.f("ix_draft_view_draft_id"), "draft_view", ["draft_id"], unique=False)


def _added_columns() -> None:
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ident_address", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("ident_index", sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f("ix_conversation_ident_index"), ["ident_index"], unique=False)
        batch_op.add_column(sa.Column("network_index", sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f("ix_conversation_network_index"), ["network_index"], unique=False)

    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("chat_told_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.drop_column("chat_told_at")
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_conversation_network_index"))
        batch_op.drop_column("network_index")
        batch_op.drop_index(batch_op.f("ix_conversation_ident_index"))
        batch_op.drop_column("ident_index")
        batch_op.drop_column("ident_address")
    for name in (
        "draft_view",
        "staff_button",
        "staff_chat",
        "chat_session",
        "channel_cursor",
    ):
        op.drop_table(name)
