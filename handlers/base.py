"""What a handler is given and what it hands back. Handlers plan, they do not do.

A handler gets a read-only case file and returns a plan (actions per source), a letter and what to export. It opens no
connection, reads no clock and writes nothing; the workflow shows its plan to staff and carries it out once approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from cases.export import ExportSpec
from cases.letters import Letter
from cases.policy import Policy
from cases.protocols import Found, Identifier, SourceInfo
from cases.types import Assurance, Decision, Form, Label
from handlers.wording import Texts


class Needs(StrEnum):
    """Which data a handler wants collected before it is called."""

    CONTROLLER_SOURCES = "controller_sources"  # every source of which the organisation is controller
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything a handler may know about one request."""

    case_number: str
    policy: Policy
    form: Form
    label: Label
    request_id: str
    received_at: datetime
    told_date: date  # the date the requester was told
    as_understood: str  # the request in one plain sentence, or the sender's own words
    requester_address: str
    requester_name: str
    assurance: Assurance
    identifiers: tuple[Identifier, ...]
    sources: tuple[SourceInfo, ...]  # those that were asked, with what their fields mean
    found: tuple[Found, ...]  # one per source
    also: tuple[Label, ...]  # other requests in the same case
    now: datetime
    checked_by_role: str = ""  # "medewerker privacy"; the policy's role where empty
    texts: Texts | None = None  # the organisation's own sentences; the shipped ones where None


@dataclass(frozen=True, slots=True)
class Action:
    """One change in one of the organisation's systems, not yet done. The id makes doing it twice harmless."""

    id: str
    source: str
    verb: str  # "correct", "erase", "anonymise", "restrict", "opt_out"
    table: str
    keys: tuple[str, ...]
    description: str  # in Dutch, for staff
    reversible: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """The package that staff see, change and approve."""

    decision: Decision
    actions: tuple[Action, ...]
    letter: Letter
    export: ExportSpec | None
    staff_notes: tuple[str, ...]  # in Dutch, no personal data; shown above the draft


class Handler(Protocol):
    """One request type. `handlers/registry.py` lists them."""

    @property
    def label(self) -> Label: ...
    @property
    def needs(self) -> Needs: ...
    def prepare(self, file: CaseFile) -> Prepared: ...
