"""Where a message was found changes what may be done with it: the dialogue's turn, held back or carried further. Pure.

Junk and old mail are never answered by the program; what a colleague puts into the request folder is a request; a
channel that only looks does nothing at all, but says what it would have done.
"""

from __future__ import annotations

from dataclasses import replace

from cases.dialogue import CASELESS, Known, Mail, Turn, opened
from cases.policy import Policy
from cases.reading import Certainty, Reading
from cases.types import Assurance, ChannelMode, InboundOutcome, Label, Origin, WorkKind

_LIKELY = 0.3  # of a dragged message, whose colleague has decided that it asks for something
_ASKS = (InboundOutcome.CASE, InboundOutcome.TRIAGE)


def as_found(
    turn: Turn, reading: Reading, known: Known | None, policy: Policy, origin: Origin, *, mode: ChannelMode,
    spam: bool = False, forged: bool = False, old: bool = False,
) -> Turn:  # fmt: skip
    """The turn for a message found at `origin`.

    `spam`: staff marked its sender; `forged`: its sender failed DMARC; `old`: received before the desk was there.
    """
    if turn.outcome is InboundOutcome.DUPLICATE:
        return turn
    if origin is Origin.BACKLOG:
        return _for_a_person(turn, reading, WorkKind.BACKLOG)
    if mode is ChannelMode.WATCH:
        return _watched(turn, reading, known, origin)
    if origin is Origin.DRAGGED:
        dragged = _dragged(turn, reading, policy)
        return _by_staff(dragged) if old else dragged
    if known is not None and known.threaded:  # our own secret led here: part of a matter that runs
        return turn
    if spam and turn.outcome is not InboundOutcome.MACHINE:
        sure = reading.certainty is Certainty.CERTAIN and reading.labels == (Label.OVERIG,)
        work = () if sure else (WorkKind.SPAM_LISTED,)
        return Turn(InboundOutcome.SPAM, work=work, choices=_choices(reading), new_conversation=True)
    if origin is Origin.JUNK or (forged and turn.mail is not Mail.NONE):  # an answer might go to somebody else
        return _for_a_person(turn, reading, WorkKind.TRIAGE)
    return turn


def _watched(turn: Turn, reading: Reading, known: Known | None, origin: Origin) -> Turn:
    """Only looked at; but what belongs to a running case is kept there, and what a colleague picked out is listed."""
    if turn.outcome is InboundOutcome.MACHINE:
        return turn  # never answered anyhow; a bounce must find its letter
    if origin is Origin.DRAGGED:
        return Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,), choices=_choices(reading), new_conversation=True)
    if known is None or not known.threaded:
        return Turn(InboundOutcome.WATCHED, new_conversation=True)
    if turn.outcome is InboundOutcome.FOLLOW_UP and not turn.open and not turn.new_conversation:
        return replace(turn, mail=Mail.NONE, work=turn.work or (WorkKind.NEW_MESSAGE,))
    if known.has_case and known.same_address:
        return Turn(InboundOutcome.FOLLOW_UP, work=(WorkKind.NEW_MESSAGE,), changes_content=True)
    return Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,), choices=_choices(reading), new_conversation=True)


def _by_staff(turn: Turn) -> Turn:
    """Opened for a person to take on; nothing is sent by itself."""
    if turn.outcome is not InboundOutcome.CASE:
        return replace(turn, mail=Mail.NONE)
    return replace(turn, by_staff=True, human=True, mail=Mail.NONE, awaited=None, work=(WorkKind.HANDLE,))


def _dragged(turn: Turn, reading: Reading, policy: Policy) -> Turn:
    if turn.outcome not in (InboundOutcome.NO_REQUEST, InboundOutcome.MACHINE, InboundOutcome.TRIAGE):
        return turn
    labels = tuple(label for label in reading.labels if label not in CASELESS)
    if labels and reading.certainty is Certainty.CERTAIN:
        return opened(labels, reading, policy, assurance=Assurance.ADDRESS_CLAIMED)
    likeliest = max((label for label in Label if label not in CASELESS), key=lambda x: reading.probabilities.get(x, 0))
    if reading.probabilities.get(likeliest, 0.0) >= _LIKELY:
        # a colleague says it is a request, the reader is not sure which: a person takes it on, nothing is sent
        return Turn(
            InboundOutcome.CASE, open=(likeliest,), by_staff=True, human=True, work=(WorkKind.HANDLE,),
            changes_content=True, new_conversation=True,
        )  # fmt: skip
    return Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,), new_conversation=True)


def _for_a_person(turn: Turn, reading: Reading, work: WorkKind) -> Turn:
    """What asks for something goes on a list, with its term from receipt; the rest is left as it was found."""
    if turn.outcome in _ASKS or turn.outcome is InboundOutcome.FOLLOW_UP:
        return Turn(InboundOutcome.TRIAGE, work=(work,), choices=_choices(reading), new_conversation=True)
    return replace(turn, work=())


def _choices(reading: Reading) -> tuple[Label, ...]:
    return tuple(label for label in reading.labels if label not in CASELESS)


def forwarded_turn(turn: Turn, reading: Reading, *, forged: bool) -> Turn:
    """A colleague passed a customer's mail on: who wrote it stands only in the text, so no mail goes there unasked.

    `forged`: the colleague's own address was not borne out; then a person looks before anything is opened.
    """
    if turn.outcome is InboundOutcome.NO_REQUEST:
        return turn
    if turn.outcome is InboundOutcome.CASE and not forged and not turn.new_conversation:
        return replace(_by_staff(turn), new_conversation=True)
    return Turn(InboundOutcome.TRIAGE, work=(WorkKind.TRIAGE,), choices=_choices(reading), new_conversation=True)
