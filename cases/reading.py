"""What the reader makes of a message: labels with probabilities, facts with spans. Values only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from cases.types import Form, Label


class Certainty(StrEnum):
    CERTAIN = "certain"  # act on it
    ASK = "ask"  # ask the sender back, with the likeliest choices
    TRIAGE = "triage"  # a person looks


class FactKind(StrEnum):
    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    POSTCODE = "postcode"
    HOUSE_NUMBER = "house_number"
    STREET = "street"
    PLACE = "place"
    CUSTOMER_NUMBER = "customer_number"
    INVOICE_NUMBER = "invoice_number"
    ORDER_NUMBER = "order_number"
    IBAN = "iban"
    BSN = "bsn"
    KVK = "kvk"
    VAT = "btw"
    DOMAIN = "domain"
    DATE = "date"
    CODE = "code"


class Flag(StrEnum):
    MACHINE = "machine"
    ON_BEHALF = "on_behalf"
    MINOR = "minor"
    DECEASED = "deceased"
    PROCESSOR_CASE = "processor_case"
    ALSO_OTHER = "also_other"
    AP_NAMED = "ap_named"
    ABUSIVE = "abusive"
    POSSIBLE_BREACH = "possible_breach"
    AUTHORITY = "authority"
    DISTRESS = "distress"
    WANTS_HUMAN = "wants_human"
    PRIVACY_WORD = "privacy_word"  # any privacy word in the sender's own words


LOOKED_AT = frozenset(  # with one of these nothing is set aside as no request
    {Flag.PRIVACY_WORD, Flag.POSSIBLE_BREACH, Flag.AP_NAMED, Flag.AUTHORITY, Flag.DECEASED, Flag.DISTRESS}
)


@dataclass(frozen=True, slots=True)
class Fact:
    kind: FactKind
    value: str  # normalised: IBAN without blanks, postcode "1234 AB", phone E.164
    start: int  # character offsets in the text that was read
    end: int
    checked: bool  # passed its own check (11-proef, mod-97, phone plan …)


@dataclass(frozen=True, slots=True)
class Change:
    """What a correction asks: which value is to become which."""

    field: str  # name, email, phone, address, street, house_number, postcode, place, iban, salutation, contact, ...
    old: str | None  # as written, None when not told
    new: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of reading one message."""

    labels: tuple[Label, ...]  # above their thresholds; (OVERIG,) alone, or empty when nothing is sure
    probabilities: dict[Label, float]  # calibrated, every label
    certainty: Certainty
    evidence: dict[Label, str]  # the sentence that carries each label most
    language: str  # "nl", "en", "de", "fr" or "" when too short to say
    form: Form | None  # the form of address the sender uses, None when not seen
    flags: frozenset[Flag]
    facts: tuple[Fact, ...]
    model_version: str
    chosen: tuple[Label, ...] = ()  # the forced best reading; only `certainty` allows acting
    changes: tuple[Change, ...] = ()


def careful(reading: Reading) -> Reading:
    """What the desk makes of a reading: however sure the reader is that nothing is asked, a privacy word or a sign of
    trouble in the sender's own words brings the message before a person. A missed request is the worst error.
    """
    if reading.labels != (Label.OVERIG,) or LOOKED_AT.isdisjoint(reading.flags):
        return reading
    return replace(reading, labels=(), certainty=Certainty.TRIAGE)


class Asked(StrEnum):
    """What our open question asks for."""

    CODE = "code"
    YES_NO = "yes_no"
    ADDRESS = "address"
    CHOICE = "choice"


class ReplyKind(StrEnum):
    """What a reply does with the question that stands open."""

    CODE = "code"
    YES = "yes"
    NO = "no"
    UNSURE = "unsure"
    NOT_ME = "not_me"
    NEVER_MIND = "never_mind"
    HUMAN = "human"
    NEW_CODE = "new_code"  # "stuur mij een nieuwe code"
    CHOICE = "choice"  # one of the numbered choices of our question
    ADDRESS = "address"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reply:
    kind: ReplyKind
    code: str = ""  # digits only, when kind is CODE
    choice: int = 0  # from 1, when kind is CHOICE and it was named by its number or place
    value: str = ""  # the address, or the choice in the sender's words
