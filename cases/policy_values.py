"""The values a policy is made of: frozen, no rules. `cases/policy` loads them and is where everybody imports them.

One class per table of a file in `policies/`; field names are the keys of that file.
Serves art. 13-15 AVG (what must be told), 17(3) (what may be kept) and 12(6) (identity).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from cases.types import Assurance, Form, Label, RefusalGround


class Basis(StrEnum):
    """Art. 6(1) AVG."""

    CONSENT = "6(1)(a)"
    CONTRACT = "6(1)(b)"
    LEGAL_DUTY = "6(1)(c)"
    VITAL_INTEREST = "6(1)(d)"
    PUBLIC_TASK = "6(1)(e)"
    LEGITIMATE_INTEREST = "6(1)(f)"


class Condition(StrEnum):
    """When a promise holds. Not known yet counts as yes: earlier is never late."""

    ALWAYS = "always"
    FORMER_CUSTOMER = "former_customer"


class Sensitivity(StrEnum):
    """How a category may be shown below `second_factor` (design, section 5)."""

    NORMAL = "normal"
    BANK = "bank"  # the last four characters
    SECRET = "secret"  # "aanwezig, niet getoond"  # noqa: S105  (a kind of data, no password)
    ID_DOCUMENT = "id_document"  # "aanwezig, niet getoond"


class RetentionSource(StrEnum):
    LAW = "law"  # art. 17(3)(b): may carry a refusal; needs `law`
    PROMISE = "promise"  # the organisation's own statement
    NEED = "need"  # as long as the purpose asks for it, 5(1)(e); never a ground to refuse


class RetentionStart(StrEnum):
    END_OF_YEAR = "end_of_year"  # 31 December of the year of the record
    CONTRACT_END = "contract_end"
    COLLECTED = "collected"
    PURPOSE_DONE = "purpose_done"


class RecipientRole(StrEnum):
    PROCESSOR = "processor"
    CONTROLLER = "controller"  # decides for itself what it does with the data
    JOINT = "joint"  # art. 26


class ListKind(StrEnum):
    """A mixed list counts as advertising when somebody opts out."""

    ADVERTISING = "advertising"
    SERVICE = "service"
    MIXED = "mixed"


class AdChannel(StrEnum):
    EMAIL = "email"
    POST = "post"
    PHONE = "phone"
    SMS = "sms"  # and apps such as WhatsApp (art. 11.7 Tw)
    SOCIAL = "social"


class IdCopy(StrEnum):
    """A copy of an identity document is never a default step (law: art. 12(2), 5(1)(c))."""

    OFF = "off"
    NAMED_DOUBT = "named_doubt"  # staff record the doubt, a shielded copy, erased the day it is checked


@dataclass(frozen=True, slots=True)
class Contact:
    """Published contact data. Everything may be empty: some statements publish none (see `contact_problems`)."""

    email: str = ""
    address: tuple[str, ...] = ()
    phone: str = ""
    hours: str = ""
    website: str = ""
    fg: str = ""  # functionaris gegevensbescherming; most small firms have none


@dataclass(frozen=True, slots=True)
class Statement:
    """The privacy statement this policy was made from."""

    title: str
    date: str  # as printed: "2018", "25 mei 2018", "ongedateerd"
    file: str
    sha256: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """What the statement promises beyond the law; `days` are calendar days and never rolled."""

    label: Label
    text: str
    days: int | None = None
    condition: Condition = Condition.ALWAYS


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of data. `description` is what an access answer says about it (art. 15(1)(b))."""

    key: str
    label: str
    description: str
    provided: bool = True  # by the person, typed in or observed (art. 20); False for what we derive ourselves
    sensitivity: Sensitivity = Sensitivity.NORMAL


@dataclass(frozen=True, slots=True)
class Purpose:
    key: str
    title: str
    basis: Basis
    categories: tuple[str, ...]
    note: str = ""  # 6(1)(f): the interest; 6(1)(c): the law
    marketing: bool = False  # direct marketing: an objection is absolute, 21(2)-(3)
    claimed_consent: bool = False  # the statement calls this consent; it is not, and goes on after a withdrawal
    words: tuple[str, ...] = ()  # how a message calls it: tells which use an objection or withdrawal is about


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long one category is kept. Without years and days there is no fixed term: `text` gives the criterion."""

    category: str
    text: str
    source: RetentionSource
    start: RetentionStart = RetentionStart.PURPOSE_DONE
    years: int = 0
    days: int = 0
    law: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets data (art. 15(1)(c)), and who is told of a change (art. 19)."""

    key: str
    name: str
    role: RecipientRole
    purpose: str
    categories: tuple[str, ...]
    country: str = ""
    named: bool = True  # False: `name` only says what kind of firm it is; `policy_check` asks for the real name
    safeguard: str = ""  # art. 44-49, when the country lies outside the EEA
    system: str = ""  # name of the data source that is this recipient's system
    told: bool = True  # False: not told under art. 19 (on demand only, or it got no records of persons)
    eea: bool = True
    notify: str = ""  # where it is mailed of a change (art. 19); empty: a person tells it


@dataclass(frozen=True, slots=True)
class MailingList:
    key: str
    label: str
    kind: ListKind
    channel: AdChannel


@dataclass(frozen=True, slots=True)
class AutomatedDecisions:
    """Art. 22 and 15(1)(h)."""

    used: bool
    text: str
    logic: str = ""  # what counts and with what consequences; staff write it where this is empty
    reviewer: str = ""  # the role of who decides anew; `staff_role` where empty


@dataclass(frozen=True, slots=True)
class IdentityRules:
    may_use: tuple[str, ...] = ("customer_number", "domain", "first_order_month")
    levels: Mapping[Label, Assurance] = field(default_factory=dict)  # asks more (or other) than DEFAULT_LEVELS
    id_copy: IdCopy = IdCopy.OFF
    id_copy_in_statement: bool = False  # the statement demands a copy by default
    code_digits: int = 6
    code_hours: int = 24
    code_attempts: int = 3
    code_resends: int = 3


@dataclass(frozen=True, slots=True)
class ErasureRules:
    """How art. 17 is carried out here. Nothing in it is a ground to keep: those are terms of law, claim, contract."""

    wait_days: int = 3  # between approval and the first change
    anonymise: tuple[str, ...] = ()  # categories whose records are made anonymous instead of erased, as promised
    not_needed: tuple[str, ...] = ()  # facts (FieldInfo.corrects) that a running contract can do without
    claim_needs: tuple[str, ...] = ()  # categories needed to collect an open invoice (17(3)(e))
    claim_review_days: int = 91
    every_system: bool = False  # answered only when every system has confirmed, also one that could not be searched
    # What shows that we did it goes when nobody can ask for it any more (BW 3:310: five years); never a kept record.
    ledger_years: int = 5
    # A mark protects as long as it stands, so it stays until its person comes back (0), or goes after so many years.
    mark_years: int = 0


@dataclass(frozen=True, slots=True)
class LinkTerms:
    """Days that a link lives and that the export behind it exists."""

    link_days: int = 14
    export_days: int = 30


@dataclass(frozen=True, slots=True)
class Authority:
    """The supervisory authority as printed in letters; configurable because addresses change."""

    name: str = "Autoriteit Persoonsgegevens"
    address: tuple[str, ...] = ("Postbus 93374", "2509 AJ Den Haag")
    phone: str = "088 - 1805 250"
    website: str = "https://autoriteitpersoonsgegevens.nl"
    complaint_url: str = "https://autoriteitpersoonsgegevens.nl/klacht-indienen-bij-de-ap"


@dataclass(frozen=True, slots=True)
class ComplaintRoute:
    internal: str  # how to complain or object here first
    authority: str  # the sentence that leads to the authority
    court: str  # the sentence about the court, for refusals (UAVG 35)


@dataclass(frozen=True, slots=True)
class ProcessorCase:
    """For data that our customers hold on our systems: they are the controller, we pass the request on."""

    redirect: str
    customers: str  # what they are called: "de eigenaar van de webwinkel"


@dataclass(frozen=True, slots=True)
class Answer:
    """An approved answer to a question about the policy; `words` are what such a question holds."""

    key: str
    topic: str
    words: tuple[str, ...]
    text: str
    section: str = ""  # where the statement says it; empty where the statement is silent


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the statement and the law part ways, and what this desk does."""

    key: str
    says: str
    law: str
    does: str
    proposed: str


@dataclass(frozen=True, slots=True)
class Policy:
    key: str
    name: str  # as letters call it
    controller: str  # the legal person, art. 15(1) and 13(1)(a)
    form: Form
    valid_from: date
    signature: tuple[str, ...]  # lines under a letter
    staff_role: str  # who checked a letter, by role: "medewerker privacy"
    source_of_data: str
    backups: str  # what happens to backups after an erasure
    service_messages: str  # what goes on after an opt-out
    statement: Statement
    contact: Contact
    automated_decisions: AutomatedDecisions
    complaint: ComplaintRoute
    categories: tuple[Category, ...]
    purposes: tuple[Purpose, ...]
    retention: tuple[RetentionRule, ...]
    recipients: tuple[Recipient, ...]
    differences: tuple[Difference, ...]
    never_say: tuple[str, ...]
    answers: tuple[Answer, ...] = ()
    promises: tuple[Promise, ...] = ()
    lists: tuple[MailingList, ...] = ()
    blocked_grounds: tuple[RefusalGround, ...] = ()
    blocked_why: str = ""
    processor: ProcessorCase | None = None
    identity: IdentityRules = field(default_factory=IdentityRules)
    service_days: Mapping[Label, int] = field(default_factory=dict)
    erasure: ErasureRules = field(default_factory=ErasureRules)
    links: LinkTerms = field(default_factory=LinkTerms)
    portable_all: bool = False  # art. 20 was promised without its limits: all that the person provided goes along
    restriction_review_days: int = 60  # until somebody looks whether data must still be frozen (art. 18)
    authority: Authority = field(default_factory=Authority)
    english: Mapping[str, str] = field(default_factory=dict)  # a name as it stands here → in English (`cases/english`)
    version: str = ""  # digest of the file, computed at load; each decision stores it
