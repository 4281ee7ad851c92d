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
    "Case",
    "CaseIdentifier",
    "ChannelHealth",
    "ChannelState",
    "Conversation",
    "DataKey",
    "Deadline",
    "Draft",
    "Export",
    "Finding",
    "IdentityCode",
    "ImapLedger",
    "Inbound",
    "Lease",
    "Link",
    "MailboxAct",
    "MasterKey",
    "Message",
    "OauthGrant",
    "Organisation",
    "Outbox",
    "OutgoingStop",
    "PolicyVersion",
    "Request",
    "SQLModel",
    "SenderMark",
    "Staff",
    "StaffRole",
    "StaffSession",
    "WorkItem",
    "metadata",
    "table",
]
