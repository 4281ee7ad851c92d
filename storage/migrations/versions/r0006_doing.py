"""Doing: changes in systems, erasure ledger, tasks, notices to recipients, breaches, mandates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _ledger_entry()
    _suppression()
    _breach()
    _mandate()
    _evidence()
    _recipient_notice()
    _restriction()
    _source_action()
    _source_task()
    _suspension()
    _transfer()
    _added_columns()
    _work_indexes()


def _ledger_entry() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("case_number", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("data_key_id", sa.Text(), nullable=True),
        sa.Column("reference", sa.LargeBinary(), nullable=True),
        sa.Column("reference_digest", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("law", sa.Text(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_ledger_entry_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
    )
    op.create_index("ix_ledger_end", "ledger_entry", ["ends_on", "closed_at"], unique=False)
    op.create_index(op.f("ix_ledger_entry_organisation_id"), "ledger_entry", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_ledger_entry_reference_digest"), "ledger_entry", ["reference_digest"], unique=False)
    op.create_index(op.f("ix_ledger_entry_request_id"), "ledger_entry", ["request_id"], unique=False)


def _suppression() -> None:
    op.create_table(
        "suppression",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address_digest", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_suppression_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
        sa.UniqueConstraint(
            "organisation_id",
            "channel",
            "address_digest",
            name=op.f("uq_suppression_organisation_id_channel_address_digest"),
        ),
    )
    op.create_index(op.f("ix_suppression_organisation_id"), "suppression", ["organisation_id"], unique=False)


def _breach() -> None:
    op.create_table(
        "breach",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("outbox_id", sa.Text(), nullable=True),
        sa.Column("inbound_id", sa.Text(), nullable=True),
        sa.Column("data_key_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.LargeBinary(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("risk", sa.Text(), nullable=False),
        sa.Column("authority_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("persons_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_key.id"], name=op.f("fk_breach_data_key_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_breach_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breach")),
    )
    op.create_index(op.f("ix_breach_case_id"), "breach", ["case_id"], unique=False)
    op.create_index(op.f("ix_breach_organisation_id"), "breach", ["organisation_id"], unique=False)


def _mandate() -> None:
    op.create_table(
        "mandate",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("answer_to", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_mandate_case_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_mandate_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate")),
    )
    op.create_index(op.f("ix_mandate_case_id"), "mandate", ["case_id"], unique=False)
    op.create_index(op.f("ix_mandate_organisation_id"), "mandate", ["organisation_id"], unique=False)


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data_key_id", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("doubt", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_evidence_case_id")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name=op.f("fk_evidence_conversation_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_evidence_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_case_id"), "evidence", ["case_id"], unique=False)
    op.create_index(op.f("ix_evidence_conversation_id"), "evidence", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_evidence_organisation_id"), "evidence", ["organisation_id"], unique=False)


def _recipient_notice() -> None:
    op.create_table(
        "recipient_notice",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("outbox_id", sa.Text(), nullable=True),
        sa.Column("token_digest", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_recipient_notice_organisation_id")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_recipient_notice_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient_notice")),
        sa.UniqueConstraint("request_id", "recipient", name=op.f("uq_recipient_notice_request_id_recipient")),
    )
    op.create_index(op.f("ix_recipient_notice_organisation_id"), "recipient_notice", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_recipient_notice_request_id"), "recipient_notice", ["request_id"], unique=False)
    op.create_index(op.f("ix_recipient_notice_token_digest"), "recipient_notice", ["token_digest"], unique=False)


def _restriction() -> None:
    op.create_table(
        "restriction",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_restriction_case_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_restriction_organisation_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_restriction_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction")),
    )
    op.create_index(op.f("ix_restriction_case_id"), "restriction", ["case_id"], unique=False)
    op.create_index(op.f("ix_restriction_organisation_id"), "restriction", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_restriction_request_id"), "restriction", ["request_id"], unique=False)


def _source_action() -> None:
    op.create_table(
        "source_action",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.Text(), nullable=True),
        sa.Column("data_key_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undo_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_token", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_key.id"], name=op.f("fk_source_action_data_key_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_source_action_organisation_id")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_source_action_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_action")),
    )
    op.create_index(op.f("ix_source_action_draft_id"), "source_action", ["draft_id"], unique=False)
    op.create_index(op.f("ix_source_action_organisation_id"), "source_action", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_source_action_request_id"), "source_action", ["request_id"], unique=False)
    op.create_index("ix_source_action_work", "source_action", ["status", "not_before", "lease_until"], unique=False)


def _source_task() -> None:
    op.create_table(
        "source_task",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=True),
        sa.Column("data_key_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_key.id"], name=op.f("fk_source_task_data_key_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_source_task_organisation_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_source_task_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_task")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_source_task_token_digest")),
    )
    op.create_index(op.f("ix_source_task_action_id"), "source_task", ["action_id"], unique=False)
    op.create_index("ix_source_task_open", "source_task", ["status", "due_on"], unique=False)
    op.create_index(op.f("ix_source_task_organisation_id"), "source_task", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_source_task_request_id"), "source_task", ["request_id"], unique=False)


def _suspension() -> None:
    op.create_table(
        "suspension",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_suspension_organisation_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_suspension_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspension")),
    )
    op.create_index(op.f("ix_suspension_organisation_id"), "suspension", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_suspension_request_id"), "suspension", ["request_id"], unique=False)


def _transfer() -> None:
    op.create_table(
        "transfer",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("data_key_id", sa.Text(), nullable=False),
        sa.Column("party", sa.LargeBinary(), nullable=False),
        sa.Column("address_index", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_key.id"], name=op.f("fk_transfer_data_key_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_transfer_organisation_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_transfer_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
    )
    op.create_index(op.f("ix_transfer_link_id"), "transfer", ["link_id"], unique=False)
    op.create_index(op.f("ix_transfer_organisation_id"), "transfer", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_transfer_request_id"), "transfer", ["request_id"], unique=False)


def _added_columns() -> None:
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.add_column(sa.Column("actions", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ground", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("chosen", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("extended_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("same_as", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("handler_id", sa.Text(), nullable=True))


def _work_indexes() -> None:
    """Without these SQLite reads all messages, or all open requests, to find the few that wait."""
    op.drop_index("ix_inbound_work", table_name="inbound")
    op.create_index("ix_inbound_work", "inbound", ["status", "organisation_id", "lease_until"], unique=False)
    op.create_index(op.f("ix_case_identifier_looked_up_at"), "case_identifier", ["looked_up_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_case_identifier_looked_up_at"), table_name="case_identifier")
    op.drop_index("ix_inbound_work", table_name="inbound")
    op.create_index("ix_inbound_work", "inbound", ["status", "lease_until"], unique=False)
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.drop_column("handler_id")
        batch_op.drop_column("same_as")
        batch_op.drop_column("extended_on")
        batch_op.drop_column("chosen")
        batch_op.drop_column("ground")
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_column("actions")
    for name in (
        "transfer",
        "suspension",
        "source_task",
        "source_action",
        "restriction",
        "recipient_notice",
        "evidence",
        "mandate",
        "breach",
        "suppression",
        "ledger_entry",
    ):
        op.drop_table(name)
