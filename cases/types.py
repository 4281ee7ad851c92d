"""The vocabulary: every closed list of the domain. Stored values are the strings given here.

Labels follow the words that Dutch privacy statements use; `docs/glossary.md` gives both languages.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Label(StrEnum):
    """What a message asks for (the right, in the AVG)."""

    INZAGE = "inzage"  # art. 15
    CORRECTIE = "correctie"  # art. 16
    VERWIJDERING = "verwijdering"  # art. 17
    KLACHT = "klacht"  # art. 77 and house rule
    AFMELDEN = "afmelden"  # art. 21(2)-(3)
    OVERDRACHT = "overdracht"  # art. 20
    BEPERKING = "beperking"  # art. 18
    BEZWAAR = "bezwaar"  # art. 21(1)
    INTREKKEN = "intrekken"  # art. 7(3)
    BESLUIT = "besluit"  # art. 22
    VRAAG = "vraag"  # art. 12-14
    STATUS = "status"  # art. 12(3)
    ANNULEREN = "annuleren"
    OVERIG = "overig"  # anything else; never beside another label


# The month of art. 12(3) covers requests under art. 15 to 22; the rest have a house term.
STATUTORY = frozenset(
    {
        Label.INZAGE,
        Label.CORRECTIE,
        Label.VERWIJDERING,
        Label.AFMELDEN,
        Label.OVERDRACHT,
        Label.BEPERKING,
        Label.BEZWAAR,
        Label.INTREKKEN,
        Label.BESLUIT,
    }
)
DESTRUCTIVE = frozenset({Label.VERWIJDERING, Label.AFMELDEN, Label.INTREKKEN})


class ChannelKind(StrEnum):
    EMAIL = "email"
    TELEGRAM = "telegram"
    WEB = "web"
    INTERCOM = "intercom"


class Custody(StrEnum):
    """Who else holds the message (design, section 3)."""

    GUEST = "guest"  # a mailbox where people work too; certain non-requests are left as found
    HOST = "host"  # we hold the only copy and keep it until somebody has it


class Origin(StrEnum):
    """Where in a watched mailbox a message was found; other channels are always INBOX."""

    INBOX = "inbox"
    JUNK = "junk"  # the provider called it spam; a request in it has still been received
    SENT = "sent"  # a colleague's own answer, or a copy of ours
    DRAGGED = "dragged"  # a colleague put it into the folder Privacyloket: certainly a request
    BACKLOG = "backlog"  # older than the moment of connecting: listed for staff, never answered by itself


class ChannelMode(StrEnum):
    """How far a mailbox may go by itself (going live, step by step)."""

    WATCH = "meekijken"  # reads, and shows what it would do
    SUPERVISED = "onder_toezicht"  # every message that leaves waits for a click
    ON = "aan"


class InboundStatus(StrEnum):
    STORED = "stored"  # raw bytes are committed, nothing else is known
    DONE = "done"  # processed; the outcome says what it became
    QUARANTINED = "quarantined"  # could not be read; a person looks, the clock runs


class InboundOutcome(StrEnum):
    CASE = "case"  # opened a case
    FOLLOW_UP = "follow_up"  # joined a conversation that stood
    TRIAGE = "triage"  # in doubt: staff decide, the clock runs from receipt
    NO_REQUEST = "no_request"  # certainly no privacy request
    MACHINE = "machine"  # a bounce, auto-reply, list mail: kept, never answered
    DUPLICATE = "duplicate"  # the same message by another path
    WATCHED = "watched"  # only looked at: what it would have become stands beside it
    COLLEAGUE = "colleague"  # an answer that a colleague sent
    SPAM = "spam"  # the sender is on the spam list: kept on a list, never answered
    QUARANTINE = "quarantine"


class ActStatus(StrEnum):
    """Where a change in a shared mailbox stands."""

    WAITING = "waiting"
    DONE = "done"
    GONE = "gone"  # a colleague moved or deleted the message meanwhile
    UNSUPPORTED = "unsupported"  # the server can not do this
    FAILED = "failed"  # tried for a day; nothing is lost, the mailbox just looks as before


class MachineKind(StrEnum):
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    LIST = "list"
    RECEIPT = "receipt"
    REPORT = "report"
    OWN = "own"


class RequestState(StrEnum):
    """The life of one request; `cases/transitions.py` holds the table."""

    RECEIVED = "received"
    IDENTIFYING = "identifying"  # waits for proof of identity
    PREPARING = "preparing"  # sources are asked, the draft is written
    AWAITING_APPROVAL = "awaiting_approval"  # a package waits for staff
    EXECUTING = "executing"  # approved; actions run or the letter is on its way
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"  # passed to the right controller
    EXPIRED = "expired"  # closed for silence, by an approved letter


OPEN_STATES = frozenset(
    {
        RequestState.RECEIVED,
        RequestState.IDENTIFYING,
        RequestState.PREPARING,
        RequestState.AWAITING_APPROVAL,
        RequestState.EXECUTING,
    }
)


class Awaiting(StrEnum):
    """Whom a request or conversation waits for; kept apart from the state."""

    NOBODY = "nobody"
    REQUESTER = "requester"
    STAFF = "staff"
    SOURCE = "source"


class Assurance(IntEnum):
    """How sure we are who is on the other end of one conversation (design, section 5)."""

    NONE = 0
    ADDRESS_CLAIMED = 1
    MAILBOX_PROVEN = 2
    CODE_TO_KNOWN_ADDRESS = 3
    SECOND_FACTOR = 4
    STAFF_CONFIRMED = 5


class DeadlineKind(StrEnum):
    """Three kinds of dates, never mixed, and the rows that hang beside them."""

    LEGAL = "legal"  # calendar month(s) of art. 12(3), rolled
    PROMISE = "promise"  # what the statement promised: calendar days, never rolled
    SERVICE = "service"  # working time, for staff
    IDENTITY_REMINDER = "identity_reminder"
    IDENTITY_SILENCE = "identity_silence"  # from here a person may close (workflow/silence)
    WARN_DAY_14 = "warn_day_14"
    WARN_DAY_21 = "warn_day_21"
    WARN_5_DAYS = "warn_5_days"  # five working days before the date told
    WARN_2_DAYS = "warn_2_days"  # two working days before: escalate
    OVERDUE = "overdue"
    DRAFT_WAITING = "draft_waiting"
    LINK_EXPIRY = "link_expiry"
    BREACH_72H = "breach_72h"
    KEPT_RECORD_END = "kept_record_end"


class DraftStatus(StrEnum):
    OPEN = "open"  # waits for staff
    SECOND_PERSON = "second_person"  # approved once; wacht op tweede persoon
    APPROVED = "approved"
    VOID = "void"  # overtaken by a newer message or finding
    HANDED_BACK = "handed_back"  # staff want it prepared again


class OutboxStatus(StrEnum):
    HELD = "held"  # supervised: waits for a click
    QUEUED = "queued"
    SENDING = "sending"  # claimed; bytes may be on the wire
    SENT = "sent"  # the server took it
    UNCERTAIN = "uncertain"  # broke after DATA: nobody knows; a person decides
    FAILED = "failed"  # will not be tried again
    CANCELLED = "cancelled"  # undone within the window


class OutboxKind(StrEnum):
    """Why a message goes out. Automatic kinds need no approval and have their own counters."""

    ACKNOWLEDGEMENT = "acknowledgement"
    IDENTITY_CODE = "identity_code"
    REMINDER = "reminder"
    CLARIFICATION = "clarification"
    STATUS = "status"
    CODE_RESULT = "code_result"
    HUMAN = "human"
    LETTER = "letter"  # approved by staff; the statutory answer
    DOWNLOAD_CODE = "download_code"
    STAFF_NOTICE = "staff_notice"
    FORWARD = "forward"  # host custody: mail that is no request, unchanged
    DONE = "done"  # an opt-out carried out at once, an approved answer to a question
    CHAT = "chat"  # small talk in a chat: says where things stand, asks nothing
    TASK = "task"  # to a colleague or deputy: a task page for a system kept by hand
    RECIPIENT = "recipient"  # art. 19: to whoever got the data
    CONFIRMATION = "confirmation"  # to the old and the new address of a change, with undo
    TRANSFER = "transfer"  # art. 20: to the party that the person named and confirmed


AUTOMATIC = frozenset(
    {
        OutboxKind.ACKNOWLEDGEMENT,
        OutboxKind.IDENTITY_CODE,
        OutboxKind.REMINDER,
        OutboxKind.CLARIFICATION,
        OutboxKind.STATUS,
        OutboxKind.CODE_RESULT,
        OutboxKind.HUMAN,
        OutboxKind.DOWNLOAD_CODE,
        OutboxKind.DONE,
        OutboxKind.CHAT,
    }
)


class WorkKind(StrEnum):
    """Why a person has to look; each open work item is one line on the staff list."""

    TRIAGE = "triage"
    QUARANTINE = "quarantine"
    APPROVE = "approve"
    SECOND_APPROVAL = "second_approval"
    HUMAN_WANTED = "human_wanted"
    IDENTITY_STUCK = "identity_stuck"
    SOURCE_FAILED = "source_failed"
    HANDLE = "handle"  # a request type that has no automatic preparation
    DEADLINE = "deadline"
    NOT_DELIVERED = "not_delivered"
    SEND_UNCERTAIN = "send_uncertain"
    CHANNEL_DOWN = "channel_down"
    OTHER_MAIL = "other_mail"  # "overige post" of a host mailbox
    NEW_MESSAGE = "new_message"
    RELEASE = "release"  # supervised: an outgoing message waits for a click
    BACKLOG = "backlog"  # a probable request from before the moment of connecting
    COLLEAGUE_ANSWER = "colleague_answer"  # a colleague wrote to the requester: is that the answer?
    SPAM_LISTED = "spam_listed"  # a probable request from a sender on the spam list
    ACTION_FAILED = "action_failed"  # a change in a system did not happen, or nobody knows
    TASK = "task"  # a system kept by hand: somebody has to look or to change
    KEPT_ENDED = "kept_ended"  # "termijn verlopen: alsnog wissen"
    KEPT_REVIEW = "kept_review"  # kept without an end date, for a contract: is that still so? once a year
    ERASE_AGAIN = "erase_again"  # after a restored backup: what only a person can erase again
    RETURNED = "returned"  # erased or opted out, and added to a system again
    RECIPIENT = "recipient"  # art. 19: a recipient that can only be told by hand
    RESTRICTION = "restriction"  # review date, or to be told before it is lifted
    BREACH = "breach"  # 72 hours (art. 33)
    EVIDENCE = "evidence"  # something was uploaded: check it, then it goes
    LATE = "late"  # past the date told: an apology letter is drafted
    MAIL_HELD = "mail_held"  # a loop limit kept an automatic mail back; the request goes on


class Decision(StrEnum):
    """What a letter says about one request."""

    GRANTED = "granted"
    PARTLY = "partly"
    REFUSED = "refused"
    NOTHING_FOUND = "nothing_found"
    INFORMATION = "information"
    TRANSFERRED = "transferred"  # somebody else is the controller; passed on


class RefusalGround(StrEnum):
    """Why (part of) a request is refused; each needs its facts (law: art. 12(4), 12(5), 17(3), 23)."""

    LEGAL_DUTY = "legal_duty"  # art. 17(3)(b)
    LEGAL_CLAIM = "legal_claim"  # art. 17(3)(e)
    RIGHTS_OF_OTHERS = "rights_of_others"  # art. 15(4), UAVG 41
    NOT_IDENTIFIABLE = "not_identifiable"  # art. 11(2), 12(2)
    IDENTITY_NOT_PROVEN = "identity_not_proven"  # art. 12(6)
    UNFOUNDED = "unfounded"  # art. 12(5)
    EXCESSIVE = "excessive"  # art. 12(5)
    NO_SUCH_RIGHT = "no_such_right"  # the right does not cover this
    COMPELLING = "compelling"  # art. 21(1): compelling grounds override the objection


class Verb(StrEnum):
    """What may be done to records in one of the organisation's systems."""

    CORRECT = "correct"  # art. 16
    ERASE = "erase"  # art. 17: the record goes
    ANONYMISE = "anonymise"  # art. 17: named fields go, what is left points to nobody
    RESTRICT = "restrict"  # art. 18: frozen, nightly jobs and mailings skip it
    LIFT = "lift"  # the restriction ends
    OPT_OUT = "opt_out"  # art. 21(3)


class ActionStatus(StrEnum):
    """Where one change in one system stands. A failed one is never the same as one that had nothing to do."""

    WAITING = "waiting"  # for its moment (the wait period), or to be tried again
    DONE = "done"
    NOTHING = "nothing"  # it was so already: the record is gone, the field is empty
    BY_HAND = "by_hand"  # a person has a task page; not done before that person says so
    CONFLICT = "conflict"  # the record is no longer as it was shown to staff
    FAILED = "failed"  # tried, and certainly not done
    UNKNOWN = "unknown"  # the line broke: it may have happened
    CANCELLED = "cancelled"


class Fate(StrEnum):
    """What becomes of one record on erasure; every record gets exactly one."""

    ERASE = "erase"
    ANONYMISE = "anonymise"
    KEEP = "keep"  # needs category, law and end date


class RestrictionGround(StrEnum):
    """Art. 18(1)."""

    ACCURACY = "accuracy"  # (a) disputed, while it is checked
    UNLAWFUL = "unlawful"  # (b) and the person wants no erasure
    CLAIM = "claim"  # (c) we need it no longer, the person does for a legal claim
    OBJECTION = "objection"  # (d) while an objection is weighed


class TaskStatus(StrEnum):
    """A task for whoever keeps a system by hand."""

    OPEN = "open"
    DONE = "done"  # "gewist op …", "gevonden: …"
    NOTHING = "nothing"  # "niets gevonden"
    CANCELLED = "cancelled"


class NoticeStatus(StrEnum):
    """Telling a recipient of a change (art. 19)."""

    WAITING = "waiting"  # not written yet, or by hand
    SENT = "sent"
    CONFIRMED = "confirmed"
    IMPOSSIBLE = "impossible"  # impossible or disproportionate; a reason stands beside it


class Form(StrEnum):
    """Form of address and language of the texts."""

    NL_JE = "nl_je"
    NL_U = "nl_u"
    EN = "en"
