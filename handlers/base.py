"""What a handler is given and what it hands back. Handlers plan, they do not do.

A handler gets a read-only case file and returns a plan (actions per source), a letter and what to export. It opens no
connection, reads no clock and writes nothing; the workflow shows its plan to staff and carries it out once approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from cases.export import ExportSpec
from cases.letters import Letter
from cases.others import NOBODY_ELSE, Other, Review
from cases.policy import Policy
from cases.progress import Progress
from cases.protocols import Found, Identifier, SourceInfo, Value
from cases.reading import Change as Correction
from cases.reading import Fact
from cases.types import Assurance, Decision, Fate, Form, Label, RefusalGround, RestrictionGround, Verb
from handlers.wording import Texts


class Needs(StrEnum):
    """Which data a handler wants collected before it is called."""

    CONTROLLER_SOURCES = "controller_sources"  # every source of which the organisation is controller
    SYSTEMS = "systems"  # which systems there are and what they can do; nobody is looked up in them
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
    corrections: tuple[Correction, ...] = ()  # field, old → new, as read in the messages of this request
    facts: tuple[Fact, ...] = ()  # of its messages
    chosen: Mapping[str, str] = field(default_factory=dict)  # what staff or the requester settled: see its handler
    frozen: bool = False  # a restriction stands for this request
    checked_by_role: str = ""  # "medewerker privacy"; the policy's role where empty
    texts: Texts | None = None  # the organisation's own sentences; the shipped ones where None
    others: Review = NOBODY_ELSE  # values in the findings that may be about somebody else; see `handlers/others`
    standing: tuple[Progress, ...] = ()  # status, annuleren: the requests these are about

    @property
    def systems(self) -> Mapping[str, str]:
        """Source → what it is called."""
        return {source.name: source.label for source in self.sources}


@dataclass(frozen=True, slots=True)
class Action:
    """One change in one of the organisation's systems, not yet done. The id makes doing it twice harmless."""

    id: str
    source: str
    verb: Verb
    table: str
    keys: tuple[str, ...]
    description: str  # in Dutch, for staff
    reversible: bool
    values: Mapping[str, Value] = field(default_factory=dict)  # as in cases.protocols.Change
    expected: Mapping[str, Value] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    by_hand: bool = False  # the system is kept by a person
    sensitive: bool = False  # e-mail, bank, login: confirmed to the old and the new address, undo for 72 hours


@dataclass(frozen=True, slots=True)
class Line:
    """One record of the dry run of an erasure: what becomes of it, and on which ground. Each goes into the ledger."""

    source: str
    table: str
    key: str
    fate: Fate
    category: str  # key of the policy category that decides
    columns: tuple[str, ...] = ()  # fields that go, also of a kept record
    law: str = ""  # kept: article and law, or what it is kept for
    ends_on: date | None = None  # kept: the last day, or the day it is looked at again; None: not known yet
    says: tuple[tuple[str, str], ...] = ()  # what names the person in it (cases.erasure.naming): the ledger's seal
    addresses: tuple[str, ...] = ()  # e-mail addresses of the person that stand in it


@dataclass(frozen=True, slots=True)
class Prepared:
    """The package that staff see, change and approve."""

    decision: Decision
    actions: tuple[Action, ...]
    letter: Letter
    export: ExportSpec | None
    staff_notes: tuple[str, ...]  # in Dutch, no personal data; shown above the draft
    lines: tuple[Line, ...] = ()  # erasure: one per record found
    wait: timedelta = timedelta()  # between approval and the first change, so that it can be called off
    tell: tuple[str, ...] = ()  # art. 19: keys of the policy's recipients to be told once it is done
    ground: RefusalGround | None = None  # of a refusal, whole or in part
    meanwhile: tuple[Action, ...] = ()  # before there is a decision: the freeze while an objection is weighed
    restriction: RestrictionGround | None = None  # art. 18: what is frozen is kept on a list, and looked at again
    review_on: date | None = None  # that day
    by_program: bool = False  # leaves without approval: opt-out of the own address, state of things, approved answer
    # The letter is a question to the requester ("erasure"); the request waits for `CaseFile.chosen[asks]`. It leaves
    # without approval; `options` are the values of the answers, in the order the letter numbers them; silence is the
    # first of them.
    asks: str = ""
    options: tuple[str, ...] = ()
    others: tuple[Other, ...] = ()  # values in the export that may be about somebody else; staff decide on each


class Handler(Protocol):
    """One request type. `handlers/registry.py` lists them."""

    @property
    def label(self) -> Label: ...
    @property
    def needs(self) -> Needs: ...
    def prepare(self, file: CaseFile) -> Prepared: ...
