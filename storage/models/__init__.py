"""Every table, in one visible list. Rows stay in `storage/`; queries give frozen values."""

from sqlmodel import SQLModel

from storage.models.answers import Approval, Draft, Export, Finding, Link
from storage.models.audit import Audit, AuditCheckpoint, PolicyVersion
from storage.models.base import table
from storage.models.cases import (
    BlindIndex,
    Case,
    CaseIdentifier,
    Conversation,
    Deadline,
    IdentityCode,
    Message,
    Request,
)
from storage.models.chat import ChannelCursor, ChatSession, DraftView, StaffButton, StaffChat
from storage.models.doing import (
    Breach,
    BreachNotice,
    Evidence,
    LedgerEntry,
    Mandate,
    RecipientNotice,
    Restriction,
    SourceAction,
    SourceTask,
    Suppression,
    Suspension,
    Transfer,
)
from storage.models.keys import DataKey, MasterKey, Organisation
from storage.models.mailbox import ChannelState, MailboxAct, OauthGrant, OutgoingStop, SenderMark
from storage.models.people import Staff, StaffRole, StaffSession, WorkItem
from storage.models.post import ChannelHealth, ImapLedger, Inbound, Lease, Outbox

metadata = SQLModel.metadata

__all__ = [
    "Approval",
    "Audit",
    "AuditCheckpoint",
    "BlindIndex",
    "Breach",
    "BreachNotice",
    "Case",
    "CaseIdentifier",
    "ChannelCursor",
    "ChannelHealth",
    "ChannelState",
    "ChatSession",
    "Conversation",
    "DataKey",
    "Deadline",
    "Draft",
    "DraftView",
    "Evidence",
    "Export",
    "Finding",
    "IdentityCode",
    "ImapLedger",
    "Inbound",
    "Lease",
    "LedgerEntry",
    "Link",
    "MailboxAct",
    "Mandate",
    "MasterKey",
    "Message",
    "OauthGrant",
    "Organisation",
    "Outbox",
    "OutgoingStop",
    "PolicyVersion",
    "RecipientNotice",
    "Request",
    "Restriction",
    "SQLModel",
    "SenderMark",
    "SourceAction",
    "SourceTask",
    "Staff",
    "StaffButton",
    "StaffChat",
    "StaffRole",
    "StaffSession",
    "Suppression",
    "Suspension",
    "Transfer",
    "WorkItem",
    "metadata",
    "table",
]
