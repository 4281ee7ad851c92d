"""The dialogue in a chat: what `cases/dialogue` decides, and what only a chat needs on top of it. Pure.

A chat account proves nothing about a customer (design, section 5): the e-mail address typed in answer to our own
question takes the place of a sender's address, and a code sent there proves it. Small talk gets a short line and opens
nothing. In a chat that people share (`shared`) the program speaks only when something is asked of it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cases import dialogue
from cases.dialogue import CASELESS, STAFF_ONLY, Awaited, Known, Mail, Talk, Turn, likeliest
from cases.messages import ChatMessage, ParsedMessage
from cases.policy import Policy
from cases.reading import Asked, Certainty, FactKind, Flag, Reading, Reply, ReplyKind
from cases.types import Assurance, InboundOutcome, Label, WorkKind

WISH = "wish:"  # the value of a quick reply that names a wish, e.g. "wish:inzage"
PERSON = "human"  # … and of the one that asks for a person
NEW_CODE = "new_code"
OFFERED = (Label.INZAGE, Label.VERWIJDERING)  # to whoever only says hello

_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]{1,62}")
_SMALL = {
    Talk.HELLO: re.compile(
        r"(?:h(?:oi|allo|e?y|i|ello)|goe(?:de|ie)?n?(?:morgen|middag|navond|dag)?|dag|/start|"
        r"good (?:morning|afternoon|evening))(?: (?:allemaal|daar|there|team))?"
    ),
    Talk.THANKS: re.compile(
        r"(?:(?:ok(?:ee?|é)?|super|top|fijn|heel erg|hartelijk|nou),? ?)?"
        r"(?:be)?dank(?:t|je(?: ?wel)?| u(?: wel)?| je(?: wel)?)?(?: (?:alvast|voor .{0,30}))?|"
        r"thanks?(?: you)?(?: very much| a lot)?|thx|merci"
    ),
    Talk.OK: re.compile(r"ok(?:ay|ee?|é)?|prima|top|goed(?: zo)?|is goed|duidelijk|fijn|mooi|fine|great|👍|👌|🙏"),
}
_FOREIGN = ("de", "fr")
_ASKED = {
    Awaited.ADDRESS: Asked.ADDRESS,
    Awaited.CODE: Asked.CODE,
    Awaited.CLARIFY: Asked.CHOICE,
    Awaited.OTHER_ADDRESS: Asked.YES_NO,
}


def asked(known: Known | None) -> Asked | None:
    """What the open question asks for: the same words mean something else after another question."""
    return _ASKED.get(known.awaited) if known is not None else None


def decide(
    message: ParsedMessage, chat: ChatMessage, reading: Reading, reply: Reply, known: Known | None, policy: Policy,
    *, shared: bool,
) -> Turn:  # fmt: skip
    """The next turn of a chat."""
    reading, reply = _pressed(chat.choice, reading, reply, known)
    if known is not None and (known.human or known.frozen):  # the bot is silent; what counts still counts
        return dialogue.decide(message, reading, reply, known, policy)
    turn = _turn(message, chat, reading, reply, known, policy, shared=shared)
    if chat.vouched and turn.mail in (Mail.ASK_ADDRESS, Mail.CODE_BY_MAIL) and turn.open:
        turn = replace(turn, mail=Mail.ACKNOWLEDGEMENT, awaited=None)  # the portal has proven who this is
    if chat.edits and turn.mail in (Mail.TALK, Mail.CLARIFICATION):
        turn = replace(turn, mail=Mail.NONE, talk=None, awaited=None)  # an edit is kept; it starts no new talk
    return turn


def _pressed(choice: str, reading: Reading, reply: Reply, known: Known | None) -> tuple[Reading, Reply]:
    """A quick reply says exactly what it says, and no more than the same words would."""
    if choice == PERSON:
        return reading, Reply(ReplyKind.HUMAN)
    if choice == NEW_CODE:
        return reading, Reply(ReplyKind.NEW_CODE)
    if not choice.startswith(WISH):
        return reading, reply
    try:
        label = Label(choice.removeprefix(WISH))
    except ValueError:
        return reading, reply
    sure = replace(reading, labels=(label,), certainty=Certainty.CERTAIN, probabilities={label: 1.0}, flags=frozenset())
    offered = known.choices.index(label) + 1 if known is not None and label in known.choices else 0
    return sure, Reply(ReplyKind.CHOICE, choice=offered) if offered else Reply(ReplyKind.OTHER)


def _turn(
    message: ParsedMessage, chat: ChatMessage, reading: Reading, reply: Reply, known: Known | None, policy: Policy,
    *, shared: bool,
) -> Turn:  # fmt: skip
    fresh = known is None or not known.has_case
    if fresh and _new_wish(reading) and (_wants_person(reading, reply) or reading.flags & STAFF_ONLY):
        return _opened_for_a_person(reading, reply, policy)
    if shared and known is None:  # colleagues are there: only what is ours for certain, or to be asked back
        return _silent(dialogue.decide(message, reading, reply, None, policy))
    if (person := _person(reading, reply, known)) is not None:
        return person
    if known is not None and (answer := _answered(reading, reply, known)) is not None:
        return answer
    if chat.files and not message.own_words:
        kept = not fresh and all(file.file_id for file in chat.files)  # only the web chat keeps what is handed over
        return _talk(Talk.FILE if kept else Talk.NO_FILES, known)
    small = _small_talk(message.own_words)
    if small is not None:
        return _small(small, known)
    if known is None and _asks_after(reading):
        return _talk(Talk.STATUS_ADDRESS, known, awaited=Awaited.ADDRESS)
    if known is not None and known.has_case and not known.open_labels and _new_wish(reading):
        # the earlier matter is over: this one gets its own case and its own proof
        return replace(
            _as_chat(dialogue.decide(message, reading, reply, None, policy), reading, None), new_conversation=True
        )
    if known is not None and fresh and _other_topic(reading) and reply.kind is not ReplyKind.CHOICE:
        return _as_chat(Turn(InboundOutcome.NO_REQUEST), reading, known)
    return _as_chat(dialogue.decide(message, reading, reply, known, policy), reading, known)


# --- a person ---------------------------------------------------------------------------------------------------------


def _wants_person(reading: Reading, reply: Reply) -> bool:
    return reply.kind is ReplyKind.HUMAN or Flag.WANTS_HUMAN in reading.flags


def _opened_for_a_person(reading: Reading, reply: Reply, policy: Policy) -> Turn:
    flags = reading.flags | ({Flag.WANTS_HUMAN} if _wants_person(reading, reply) else set())
    labels = tuple(label for label in reading.labels if label not in CASELESS)
    turn = dialogue.opened(labels, replace(reading, flags=flags), policy, assurance=Assurance.ADDRESS_CLAIMED)
    return replace(turn, mail=Mail.TALK, talk=Talk.DISTRESS) if Flag.DISTRESS in flags else turn


def _person(reading: Reading, reply: Reply, known: Known | None) -> Turn | None:
    """What goes to a person at once, before anything else is looked at."""
    if Flag.DISTRESS in reading.flags:
        return _to_person(known, Mail.TALK, Talk.DISTRESS)
    if _wants_person(reading, reply):
        return _to_person(known, Mail.HUMAN)
    if Flag.AUTHORITY in reading.flags:
        return _to_person(known, Mail.NONE)
    if reading.language in _FOREIGN and reply.kind is ReplyKind.OTHER:
        return _to_person(known, Mail.TALK, Talk.LANGUAGE)
    return None


def _to_person(known: Known | None, mail: Mail, talk: Talk | None = None) -> Turn:
    if known is not None and known.has_case:
        return Turn(
            InboundOutcome.FOLLOW_UP, mail=mail, talk=talk, human=True, work=(WorkKind.HUMAN_WANTED,),
            changes_content=True,
        )  # fmt: skip
    return Turn(InboundOutcome.TRIAGE, mail=mail, talk=talk, human=True, work=(WorkKind.TRIAGE,))


# --- answers to our own question --------------------------------------------------------------------------------------


def _answered(reading: Reading, reply: Reply, known: Known) -> Turn | None:
    if reply.kind is ReplyKind.NOT_ME:
        return Turn(
            InboundOutcome.FOLLOW_UP, mail=Mail.TALK, talk=Talk.STOPPED, freeze=True, awaited=Awaited.NOTHING,
            work=(WorkKind.NEW_MESSAGE,), changes_content=True,
        )  # fmt: skip
    if known.awaited not in (Awaited.ADDRESS, Awaited.CODE):
        return None
    if known.awaited is Awaited.CODE and reply.kind is ReplyKind.CODE:
        return Turn(InboundOutcome.FOLLOW_UP, code=reply.code, mail=Mail.CODE_RESULT)
    address = typed_address(reading, reply)
    if address and known.assurance < Assurance.MAILBOX_PROVEN:
        return Turn(InboundOutcome.FOLLOW_UP, mail=Mail.CODE_BY_MAIL, address=address, awaited=Awaited.CODE)
    if reply.kind is ReplyKind.NEW_CODE and known.address_known:
        return Turn(InboundOutcome.FOLLOW_UP, mail=Mail.CODE_BY_MAIL, awaited=Awaited.CODE)
    if known.awaited is Awaited.ADDRESS and not dialogue.asks(reading):
        if reply.kind is ReplyKind.ADDRESS:  # a postal address, or something that only looks like a mail address
            return _talk(Talk.ADDRESS_UNCLEAR, known)
        if reply.kind in (ReplyKind.NO, ReplyKind.UNSURE):
            return _talk(Talk.NO_ADDRESS, known)
    return None


def typed_address(reading: Reading, reply: Reply) -> str:
    """The e-mail address in an answer to our question, lower-cased; "" when there is none or more than one."""
    named = {fact.value.strip().lower() for fact in reading.facts if fact.kind is FactKind.EMAIL}
    if reply.kind is ReplyKind.ADDRESS and "@" in reply.value:
        named.add(reply.value.strip().lower())
    fit = {address for address in named if len(address) <= 254 and _ADDRESS.fullmatch(address)}
    return fit.pop() if len(fit) == 1 else ""


# --- small talk -------------------------------------------------------------------------------------------------------


def _small_talk(words: str) -> Talk | None:
    low = " ".join(words.split()).lower().strip("!.,?:;) ")  # a greeting may stand on two lines
    return next((talk for talk, pattern in _SMALL.items() if pattern.fullmatch(low)), None)


def _small(talk: Talk, known: Known | None) -> Turn:
    if known is None or not known.has_case:
        awaited = Awaited.CLARIFY if talk is Talk.HELLO else None
        choices = OFFERED if talk is Talk.HELLO else ()
        return replace(_talk(talk, known, awaited=awaited), choices=choices)
    return _talk({Awaited.ADDRESS: Talk.ASK_ADDRESS, Awaited.CODE: Talk.CODE_OPEN}.get(known.awaited, talk), known)


def _talk(talk: Talk, known: Known | None, *, awaited: Awaited | None = None) -> Turn:
    """A line that changes nothing."""
    outcome = InboundOutcome.FOLLOW_UP if known is not None and known.has_case else InboundOutcome.NO_REQUEST
    return Turn(outcome, mail=Mail.TALK, talk=talk, awaited=awaited)


# --- what the dialogue decided, said in a chat ------------------------------------------------------------------------


def _asks_after(reading: Reading) -> bool:
    """Something about a case that runs elsewhere."""
    return reading.certainty is Certainty.CERTAIN and bool({Label.STATUS, Label.ANNULEREN} & set(reading.labels))


def _new_wish(reading: Reading) -> bool:
    return dialogue.asks(reading) and not set(reading.labels) <= CASELESS


def _other_topic(reading: Reading) -> bool:
    return reading.certainty is Certainty.CERTAIN and reading.labels == (Label.OVERIG,)


def _silent(turn: Turn) -> Turn:
    """A chat where colleagues work: only what was read with certainty, or is asked back, is answered."""
    return turn if turn.outcome is not InboundOutcome.CASE else _ask_address(turn, None)


def _as_chat(turn: Turn, reading: Reading, known: Known | None) -> Turn:
    if turn.open:
        return _ask_address(turn, known)
    if turn.mail is Mail.NEW_CODE and known is not None:  # after silence; never in the chat itself
        if known.address_known:
            return replace(turn, mail=Mail.CODE_BY_MAIL)
        return replace(turn, mail=Mail.ASK_ADDRESS, awaited=Awaited.ADDRESS)
    if turn.withdraw or turn.mail not in (Mail.NONE, Mail.CLARIFICATION):
        return turn
    if turn.outcome is InboundOutcome.NO_REQUEST:
        calm = Flag.ABUSIVE in reading.flags
        return replace(turn, mail=Mail.TALK, talk=Talk.CALM if calm else Talk.OTHER_TOPIC)
    if turn.outcome is InboundOutcome.TRIAGE:
        return _unclear(turn, reading, known)
    return _follow_up(turn, reading, known)


def _follow_up(turn: Turn, reading: Reading, known: Known | None) -> Turn:
    if known is None or turn.outcome is not InboundOutcome.FOLLOW_UP:
        return turn
    if Label.ANNULEREN in reading.labels:
        return replace(turn, mail=Mail.TALK, talk=Talk.PASSED_ON)
    if _other_topic(reading) and not reading.facts:
        talk = Talk.CALM if Flag.ABUSIVE in reading.flags else Talk.OTHER_TOPIC
        return replace(turn, mail=Mail.TALK, talk=talk, work=(), changes_content=False)
    return replace(turn, mail=Mail.TALK, talk=Talk.NOTED)


def _unclear(turn: Turn, reading: Reading, known: Known | None) -> Turn:
    """Asks back once, with two choices; a second time a person takes over. A line for staff stands in both cases."""
    if known is not None and known.has_case:
        return replace(turn, mail=Mail.TALK, talk=Talk.NOTED)
    if known is not None and known.awaited is Awaited.CLARIFY:
        return replace(turn, mail=Mail.HUMAN, human=True, awaited=Awaited.NOTHING)
    choices = turn.choices or likeliest(reading) or OFFERED
    return replace(turn, mail=Mail.CLARIFICATION, awaited=Awaited.CLARIFY, choices=choices)


def _ask_address(turn: Turn, known: Known | None) -> Turn:
    """Where a mail would carry the code, a chat asks for the address first; a plain question needs none."""
    if turn.mail is Mail.ACKNOWLEDGEMENT_WITH_CODE:
        if known is not None and known.address_known and not turn.new_conversation:
            return replace(turn, mail=Mail.CODE_BY_MAIL, awaited=Awaited.CODE)
        return replace(turn, mail=Mail.ASK_ADDRESS, awaited=Awaited.ADDRESS)
    known_here = known is not None and known.address_known and not turn.new_conversation
    if turn.mail is Mail.ACKNOWLEDGEMENT and not known_here and set(turn.open) != {Label.VRAAG}:
        return replace(turn, mail=Mail.ASK_ADDRESS, awaited=Awaited.ADDRESS)
    return turn


def opened_by_staff(turn: Turn, known: Known | None) -> Turn:
    """Staff read a request in a chat. Where a person has taken over the program says nothing."""
    if known is not None and known.human:
        return replace(turn, mail=Mail.NONE, awaited=None, by_staff=True, work=(WorkKind.HANDLE,))
    return _ask_address(turn, known)
