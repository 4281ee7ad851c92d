"""Cases, conversations, requests and their dates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _case()
    _blind_index()
    _conversation()
    _case_identifier()
    _identity_code()
    _message()
    _request()
    _deadline()


def downgrade() -> None:
    for table in (
        "deadline",
        "request",
        "message",
        "identity_code",
        "case_identifier",
        "conversation",
        "blind_index",
        "case",
    ):
        op.drop_table(table)


def _case() -> None:
    op.create_table(
        "case",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("data_key_id", sa.Text(), nullable=False),
        sa.Column("requester", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_key.id"], name=op.f("fk_case_data_key_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_case_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_case_organisation_id_number")),
    )
    op.create_index(op.f("ix_case_organisation_id"), "case", ["organisation_id"], unique=False)


def _blind_index() -> None:
    op.create_table(
        "blind_index",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_blind_index_case_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_blind_index_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blind_index")),
    )
    op.create_index("ix_blind", "blind_index", ["organisation_id", "kind", "token"], unique=False)
    op.create_index(op.f("ix_blind_index_case_id"), "blind_index", ["case_id"], unique=False)
    op.create_index(op.f("ix_blind_index_organisation_id"), "blind_index", ["organisation_id"], unique=False)


def _conversation() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("data_key_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("address_index", sa.Text(), nullable=False),
        sa.Column("assurance", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("assured_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("awaited", sa.Text(), nullable=False),
        sa.Column("choices", sa.Text(), nullable=True),
        sa.Column("asking_id", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("human_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_conversation_case_id")),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_key.id"], name=op.f("fk_conversation_data_key_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_conversation_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
    )
    op.create_index(
        "ix_conversation_address", "conversation", ["organisation_id", "channel", "address_index"], unique=False
    )
    op.create_index(op.f("ix_conversation_case_id"), "conversation", ["case_id"], unique=False)
    op.create_index(op.f("ix_conversation_organisation_id"), "conversation", ["organisation_id"], unique=False)


def _case_identifier() -> None:
    op.create_table(
        "case_identifier",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("value_index", sa.Text(), nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
        sa.Column("looked_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_identifier_case_id")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_case_identifier_conversation_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_case_identifier_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_identifier")),
        sa.UniqueConstraint(
            "conversation_id", "kind", "value_index", name=op.f("uq_case_identifier_conversation_id_kind_value_index")
        ),
    )
    op.create_index(op.f("ix_case_identifier_case_id"), "case_identifier", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_identifier_conversation_id"), "case_identifier", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_case_identifier_organisation_id"), "case_identifier", ["organisation_id"], unique=False)


def _identity_code() -> None:
    op.create_table(
        "identity_code",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=True),
        sa.Column("identifier_id", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("sent_to_index", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts_left", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_identity_code_conversation_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_identity_code_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_code")),
    )
    op.create_index(op.f("ix_identity_code_conversation_id"), "identity_code", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_identity_code_organisation_id"), "identity_code", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_identity_code_sent_to_index"), "identity_code", ["sent_to_index"], unique=False)


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("data_key_id", sa.Text(), nullable=False),
        sa.Column("inbound_id", sa.Text(), nullable=True),
        sa.Column("outbox_id", sa.Text(), nullable=True),
        sa.Column("incoming", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name=op.f("fk_message_conversation_id")),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_key.id"], name=op.f("fk_message_data_key_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_message_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index(op.f("ix_message_case_id"), "message", ["case_id"], unique=False)
    op.create_index(op.f("ix_message_conversation_id"), "message", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_message_inbound_id"), "message", ["inbound_id"], unique=False)
    op.create_index(op.f("ix_message_organisation_id"), "message", ["organisation_id"], unique=False)


def _request() -> None:
    op.create_table(
        "request",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("awaiting", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("wake_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_token", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_request_case_id")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name=op.f("fk_request_conversation_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_request_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    op.create_index(op.f("ix_request_case_id"), "request", ["case_id"], unique=False)
    op.create_index(op.f("ix_request_conversation_id"), "request", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_request_organisation_id"), "request", ["organisation_id"], unique=False)
    op.create_index("ix_request_work", "request", ["state", "wake_at", "lease_until"], unique=False)


def _deadline() -> None:
    op.create_table(
        "deadline",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=True),
        sa.Column("reasoning", sa.Text(), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_deadline_organisation_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_deadline_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline")),
        sa.UniqueConstraint("request_id", "kind", "due_at", name=op.f("uq_deadline_request_id_kind_due_at")),
    )
    op.create_index("ix_deadline_due", "deadline", ["fired_at", "cancelled_at", "due_at"], unique=False)
    op.create_index(op.f("ix_deadline_organisation_id"), "deadline", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_deadline_request_id"), "deadline", ["request_id"], unique=False)
