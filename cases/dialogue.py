"""What to do with one message: snapshot + reading in, one turn out. Pure, and the same for every channel.

The turn says what happens; `workflow/process` carries it out. Nothing here knows a channel, a clock or a table. What a
chat needs besides (small talk, asking for the e-mail address) is in `cases/chat_dialogue`, on top of this.
In doubt a person looks: a missed request is the worst error, an act on a wrong reading the second worst.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from cases.messages import ParsedMessage
from cases.policy import Policy, level_needed
from cases.reading import Certainty, Flag, Reading, Reply, ReplyKind
from cases.types import DESTRUCTIVE, Assurance, Form, InboundOutcome, Label, MachineKind, WorkKind


class Awaited(StrEnum):
    """The question that stands open in a conversation."""

    NOTHING = ""
    CODE = "code"
    CLARIFY = "clarify"
    ON_FILE = "on_file"  # a code went to this mailbox because another one asked; it counts there, not here
    OTHER_ADDRESS = "other_address"  # "Vroeg u dit vanaf een ander adres?"
    CHOICE = "choice"  # a question of a handler (`workflow/questions`): which of these do you mean?
    ADDRESS = "address"  # chat: the e-mail address, where the code and the answer go


class Mail(StrEnum):
    """Which automatic mail answers a turn; the texts are in handlers/notices."""

    NONE = ""
    ACKNOWLEDGEMENT = "acknowledgement"
    ACKNOWLEDGEMENT_WITH_CODE = "acknowledgement_with_code"
    CLARIFICATION = "clarification"
    HUMAN = "human"
    STATUS = "status"
    OTHER_ADDRESS = "other_address"
    WITHDRAWN = "withdrawn"
    CODE_RESULT = "code_result"  # which one is known once the code is judged
    NEW_CODE = "new_code"  # a fresh code, within the day's limit
    ASK_ADDRESS = "ask_address"  # chat: receipt of a request, and where may the code go?
    CODE_BY_MAIL = "code_by_mail"  # chat: a code goes to the e-mail address that was typed
    TALK = "talk"  # chat: a short line that opens and decides nothing


class Talk(StrEnum):
    """What a short chat line says; the words are in handlers/chat."""

    HELLO = "hello"
    THANKS = "thanks"
    OK = "ok"
    OTHER_TOPIC = "other_topic"  # nothing about privacy: where to ask it
    ASK_ADDRESS = "ask_address"  # the question still stands
    CODE_OPEN = "code_open"  # the code is still asked
    ADDRESS_UNCLEAR = "address_unclear"
    NO_ADDRESS = "no_address"  # the person has none, or will not say
    STATUS_ADDRESS = "status_address"  # goes on with a case begun elsewhere, after the proof
    LANGUAGE = "language"  # neither Dutch nor English: a person answers
    DISTRESS = "distress"
    CALM = "calm"  # abuse without a wish
    PASSED_ON = "passed_on"  # a person carries out a change of mind that is not proven
    STOPPED = "stopped"  # "niet ik"
    NOTED = "noted"
    NO_FILES = "no_files"
    FILE = "file"  # evidence was received


@dataclass(frozen=True, slots=True)
class Known:
    """The conversation a message belongs to, as it stands. `threaded` means that a secret of ours led here."""

    conversation_id: str
    threaded: bool
    same_address: bool  # the sender's address is the conversation's own
    assurance: Assurance  # claimed only, once the proof is too old
    elsewhere: bool  # made for the proof of another conversation: no matter of its own is opened in it
    awaited: Awaited
    choices: tuple[Label, ...]  # what was offered in a clarifying question
    human: bool  # a person has taken over; the bot is silent
    frozen: bool
    open_labels: frozenset[Label]  # requests that are not ended
    has_case: bool
    address_known: bool = True  # an e-mail address that answers can go to; in a chat it has to be asked
    options: tuple[str, ...] = ()  # of a question in the middle of a request: "erasure=unneeded" …
    lapsed: frozenset[Label] = frozenset()  # closed because the question who this is was never answered


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the dialogue."""

    outcome: InboundOutcome
    open: tuple[Label, ...] = ()  # requests to open
    mail: Mail = Mail.NONE
    awaited: Awaited | None = None  # the new open question; None leaves it
    choices: tuple[Label, ...] = ()
    code: str = ""  # to be judged
    human: bool = False  # a person takes over
    freeze: bool = False  # "niet ik": stop here, a person looks
    vouch: bool = False  # "ja, dat was ik": the code counts for the conversation that asked
    choose: str = ""  # the option of a question in the middle of a request
    withdraw: bool = False  # the proven requester drops the open requests
    by_staff: bool = False  # opened, but on a path of its own with a person; nothing is prepared
    work: tuple[WorkKind, ...] = ()
    changes_content: bool = False  # approvals of this case are no longer about the newest facts
    new_conversation: bool = False  # not the one that was found
    talk: Talk | None = None  # of a chat line
    address: str = ""  # chat: the e-mail address that was typed


# Paths of their own (law: minors, heirs, representatives, authorities, breaches): a person from the first word.
STAFF_ONLY = frozenset(
    {
        Flag.ON_BEHALF,
        Flag.MINOR,
        Flag.DECEASED,
        Flag.PROCESSOR_CASE,
        Flag.AUTHORITY,
        Flag.POSSIBLE_BREACH,
        Flag.DISTRESS,
    }
)
_NO_MAIL = frozenset({Flag.AUTHORITY, Flag.DECEASED, Flag.DISTRESS})  # no automatic word to these
CASELESS = frozenset({Label.STATUS, Label.ANNULEREN, Label.OVERIG})  # never open a matter by themselves


# The words are not there to be read: a letter as a file, a sealed mail. A person opens it; the term runs.
_NOT_SEEN = frozenset({"encrypted", "attachment_only"})


_SHORT = 8  # words of an answer that only gives what was asked


def form_for(policy: Policy, reading: Reading, shown: str = "") -> Form:
    """English is answered in English, everything else in the house's own form. `shown`: the language of a chat's page,
    for words too few to tell."""
    return Form.EN if (reading.language or shown) == "en" else policy.form


def decide(message: ParsedMessage, reading: Reading, reply: Reply, known: Known | None, policy: Policy) -> Turn:
    """The next turn."""
    if message.machine is not None:
        return _by_machine(message.machine, reading)
    if known is None and message.flags & _NOT_SEEN and not asks(reading):
        return Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,))
    if reply.kind is ReplyKind.HUMAN:
        reading = replace(reading, flags=reading.flags | {Flag.WANTS_HUMAN})
    if known is None:
        return _first(reading, policy)
    if known.has_case and known.awaited is not Awaited.CLARIFY and _only_gives(message, reading):
        reading = replace(reading, labels=(), certainty=Certainty.CERTAIN)
    if reply.kind is ReplyKind.NOT_ME and known.threaded:  # also from a mailbox that our mail was forwarded to
        return _within(reading, reply, known, policy)
    if not known.same_address:
        return _from_another_address(reading, reply, policy)
    return _within(reading, reply, known, policy)


def _only_gives(message: ParsedMessage, reading: Reading) -> bool:
    """ "Mijn klantnummer is 448812": in a running case a short answer with a fact asks for no change of it."""
    corrects = reading.labels == (Label.CORRECTIE,) and not any(change.old for change in reading.changes)
    return corrects and bool(reading.facts) and len(message.own_words.split()) <= _SHORT


def _by_machine(kind: MachineKind, reading: Reading) -> Turn:
    """Never answered. But web forms and privacy services write as machines do: their requests a person looks at."""
    if kind in (MachineKind.LIST, MachineKind.REPORT, MachineKind.AUTO_REPLY) and asks(reading):
        # a newsletter speaks of opting out and of its privacy statement; it does not ask us for data
        weak = {Label.AFMELDEN, Label.VRAAG, *CASELESS} if kind is MachineKind.LIST else CASELESS
        if set(reading.labels) - weak:
            return Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,))
    return Turn(InboundOutcome.MACHINE)


def _first(reading: Reading, policy: Policy) -> Turn:
    labels = tuple(label for label in reading.labels if label not in CASELESS)
    if reading.certainty is Certainty.CERTAIN and labels:
        return opened(labels, reading, policy, assurance=Assurance.ADDRESS_CLAIMED)
    if reading.certainty is Certainty.CERTAIN and reading.labels == (Label.OVERIG,):
        return Turn(InboundOutcome.NO_REQUEST)
    harmless = tuple(label for label in labels if label not in DESTRUCTIVE)
    if reading.certainty is Certainty.ASK and harmless:
        # one wish is sure, another that can not be undone is not: the sure one goes on, a person reads the rest
        turn = opened(harmless, reading, policy, assurance=Assurance.ADDRESS_CLAIMED)
        return replace(turn, work=(*turn.work, WorkKind.NEW_MESSAGE))
    if reading.certainty is Certainty.ASK and not reading.flags & STAFF_ONLY:
        choices = likeliest(reading)
        if choices:
            return Turn(
                InboundOutcome.TRIAGE, mail=Mail.CLARIFICATION, awaited=Awaited.CLARIFY, choices=choices,
                work=(WorkKind.TRIAGE,),
            )  # fmt: skip
    return Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,))


def likeliest(reading: Reading) -> tuple[Label, ...]:
    """Two choices, three at most, never fourteen."""
    ranked = sorted(reading.probabilities.items(), key=lambda item: -item[1])
    return tuple(label for label, p in ranked if label not in CASELESS and p >= 0.1)[:2]


def opened(labels: tuple[Label, ...], reading: Reading, policy: Policy, *, assurance: Assurance) -> Turn:
    """The turn that opens these requests: with a code, with a person from the first word, or plainly."""
    if reading.flags & STAFF_ONLY:
        mail = Mail.NONE if reading.flags & _NO_MAIL else Mail.HUMAN
        return Turn(
            InboundOutcome.CASE, open=labels, mail=mail, by_staff=True, human=True, work=(WorkKind.HANDLE,),
            changes_content=True,
        )  # fmt: skip
    if Flag.WANTS_HUMAN in reading.flags:
        return Turn(
            InboundOutcome.CASE, open=labels, mail=Mail.HUMAN, human=True, work=(WorkKind.HUMAN_WANTED,),
            changes_content=True,
        )  # fmt: skip
    needed = max(level_needed(policy, label) for label in labels)
    if needed > Assurance.ADDRESS_CLAIMED and assurance < Assurance.MAILBOX_PROVEN:
        return Turn(
            InboundOutcome.CASE, open=labels, mail=Mail.ACKNOWLEDGEMENT_WITH_CODE, awaited=Awaited.CODE,
            changes_content=True,
        )  # fmt: skip
    return Turn(InboundOutcome.CASE, open=labels, mail=Mail.ACKNOWLEDGEMENT, changes_content=True)


def _from_another_address(reading: Reading, reply: Reply, policy: Policy) -> Turn:
    """A secret of ours came back from a mailbox we did not write to: it raises nothing there."""
    if reply.kind is ReplyKind.CODE:
        return Turn(
            InboundOutcome.FOLLOW_UP, mail=Mail.OTHER_ADDRESS, awaited=Awaited.OTHER_ADDRESS, code=reply.code,
            new_conversation=True,
        )  # fmt: skip
    return _apart(reading, policy)


def _apart(reading: Reading, policy: Policy) -> Turn:
    """A matter of its own, with its own conversation, keys and proof; else a person looks."""
    turn = _first(reading, policy)
    if turn.outcome is InboundOutcome.CASE:
        return replace(turn, new_conversation=True)
    return Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,), new_conversation=True)


def _within(reading: Reading, reply: Reply, known: Known, policy: Policy) -> Turn:
    follow_up = Turn(InboundOutcome.FOLLOW_UP, work=(WorkKind.NEW_MESSAGE,), changes_content=True)
    if reply.kind is ReplyKind.NOT_ME and known.threaded:
        return replace(follow_up, freeze=True, awaited=Awaited.NOTHING)
    if known.frozen or reply.kind is ReplyKind.NOT_ME:  # without our secret it may be forged: a person looks
        return follow_up
    if reply.kind is ReplyKind.CODE and known.awaited is Awaited.CODE:
        if known.human:  # it counts, but the bot stays silent
            return Turn(InboundOutcome.FOLLOW_UP, code=reply.code, work=(WorkKind.NEW_MESSAGE,))
        return Turn(InboundOutcome.FOLLOW_UP, code=reply.code, mail=Mail.CODE_RESULT)
    if Flag.WANTS_HUMAN in reading.flags:
        mail = Mail.NONE if known.human else Mail.HUMAN
        return replace(follow_up, human=True, mail=mail, work=(WorkKind.HUMAN_WANTED,))
    if known.human:
        return follow_up
    if known.elsewhere:
        if reply.kind in (ReplyKind.YES, ReplyKind.CODE):
            return _asked_elsewhere(reply, known)
        return _apart(reading, policy)
    if reply.kind is ReplyKind.CODE and known.has_case and not asks(reading):
        return Turn(InboundOutcome.FOLLOW_UP, mail=Mail.STATUS)  # used already, or none was asked: where things stand
    if reply.kind is ReplyKind.NEW_CODE and known.awaited is Awaited.CODE:
        return Turn(InboundOutcome.FOLLOW_UP, mail=Mail.NEW_CODE)
    return _asked_within(reading, reply, known, policy, follow_up)


def _asked_elsewhere(reply: Reply, known: Known) -> Turn:
    """An answer from a mailbox that did not ask. Only a yes to our question counts, and only under our own mail.

    The From of a mail is a claim: who has not seen the secret reply address may not vouch for anybody.
    """
    if not known.threaded:
        return Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,))
    if known.awaited is Awaited.OTHER_ADDRESS and reply.kind is ReplyKind.YES:
        return Turn(InboundOutcome.FOLLOW_UP, vouch=True, awaited=Awaited.NOTHING)
    return Turn(InboundOutcome.FOLLOW_UP, mail=Mail.OTHER_ADDRESS, awaited=Awaited.OTHER_ADDRESS)


def comes_back(reading: Reading, reply: Reply, known: Known) -> bool:
    """Whether this is a word of the requester after silence: any that does not only ask, drop or deny."""
    if not (known.threaded and known.same_address) or known.frozen or known.elsewhere:
        return False
    apart = (ReplyKind.NEVER_MIND, ReplyKind.NOT_ME)
    return reply.kind not in apart and {Label.STATUS, Label.ANNULEREN}.isdisjoint(reading.labels)


def asks(reading: Reading) -> bool:
    """Whether the message itself asks for something, whatever else is in it."""
    return reading.certainty is Certainty.CERTAIN and reading.labels not in ((), (Label.OVERIG,))


def _asked_within(reading: Reading, reply: Reply, known: Known, policy: Policy, follow_up: Turn) -> Turn:
    if known.awaited is Awaited.CHOICE and known.threaded and known.assurance >= Assurance.MAILBOX_PROVEN:
        if 1 <= reply.choice <= len(known.options):
            return Turn(InboundOutcome.FOLLOW_UP, choose=known.options[reply.choice - 1], awaited=Awaited.NOTHING)
        if not asks(reading) and reply.kind is not ReplyKind.NEVER_MIND:
            return follow_up  # in words of their own: a person reads which it is
    said, read = reply.kind is ReplyKind.NEVER_MIND, Label.ANNULEREN in reading.labels
    if (said or (read and Label.STATUS not in reading.labels)) and known.open_labels:
        # Only who holds the proven mailbox and our secret address may drop a request, in words that both the
        # patterns and the model read so; else a person asks.
        surely = said and read and Label.STATUS not in reading.labels
        if surely and known.threaded and known.assurance >= Assurance.MAILBOX_PROVEN:
            return Turn(InboundOutcome.FOLLOW_UP, withdraw=True, mail=Mail.WITHDRAWN, awaited=Awaited.NOTHING)
        return follow_up
    if Label.STATUS in reading.labels and known.has_case:
        return Turn(InboundOutcome.FOLLOW_UP, mail=Mail.STATUS)
    running = known.open_labels | (known.lapsed if known.threaded else frozenset())
    new = tuple(label for label in reading.labels if label not in CASELESS and label not in running)
    if known.awaited is Awaited.CLARIFY and reply.kind is ReplyKind.UNSURE and not known.has_case:
        return Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,))
    chosen = _chosen(reading, reply, known.choices) if known.awaited is Awaited.CLARIFY else None
    if chosen is not None and chosen not in CASELESS:
        new = (chosen,)
    elif reading.certainty is not Certainty.CERTAIN:
        new = ()
    if new and (known.threaded or not known.has_case):
        # what can not be undone is proven anew: whoever once saw our reply address is not the person for ever
        fresh = not DESTRUCTIVE.isdisjoint(new)
        return opened(new, reading, policy, assurance=Assurance.ADDRESS_CLAIMED if fresh else known.assurance)
    if new:  # a new mail, no secret of ours in it: a matter of its own, with its own proof
        return replace(opened(new, reading, policy, assurance=Assurance.ADDRESS_CLAIMED), new_conversation=True)
    if not known.has_case:
        return Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,))
    return _said_more(reading, known, follow_up)


def _said_more(reading: Reading, known: Known, follow_up: Turn) -> Turn:
    """In a running case: a person reads it. After silence it goes on where it was, with the question who this is."""
    if known.lapsed and known.threaded and known.assurance < Assurance.MAILBOX_PROVEN:
        return replace(follow_up, mail=Mail.NEW_CODE, awaited=Awaited.CODE)
    only_talk = reading.labels in ((), (Label.OVERIG,)) and not reading.facts
    return replace(follow_up, changes_content=not only_talk)


def _chosen(reading: Reading, reply: Reply, choices: tuple[Label, ...]) -> Label | None:
    """The one of the offered choices that the answer names by its number, or else clearly points at."""
    if 1 <= reply.choice <= len(choices):
        return choices[reply.choice - 1]
    if asks(reading):
        return None  # the answer says it by itself
    ranked = sorted(choices, key=lambda label: -reading.probabilities.get(label, 0.0))
    if not ranked:
        return None
    best = reading.probabilities.get(ranked[0], 0.0)
    second = reading.probabilities.get(ranked[1], 0.0) if len(ranked) > 1 else 0.0
    return ranked[0] if best >= 0.5 and best >= 2 * second else None
