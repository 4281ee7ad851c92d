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
    spam: bool = False, forged: bool = False,
) -> Turn:  # fmt: skip
    """The turn for a message found at `origin`. `spam`: staff marked its sender; `forged`: its sender failed DMARC."""
    if turn.outcome is InboundOutcome.DUPLICATE:
        return turn
    if mode is ChannelMode.WATCH:
        return Turn(InboundOutcome.WATCHED, new_conversation=True)
    if origin is Origin.DRAGGED:
        return _dragged(turn, reading, policy)
    if origin is Origin.BACKLOG:
        return _for_a_person(turn, reading, WorkKind.BACKLOG)
    if known is not None and known.threaded:  # our own secret led here: part of a matter that runs
        return turn
    if spam and turn.outcome is not InboundOutcome.MACHINE:
        sure = reading.certainty is Certainty.CERTAIN and reading.labels == (Label.OVERIG,)
        work = () if sure else (WorkKind.SPAM_LISTED,)
        return Turn(InboundOutcome.SPAM, work=work, choices=_choices(reading), new_conversation=True)
    if origin is Origin.JUNK or (forged and turn.mail is not Mail.NONE):  # an answer might go to somebody else
        return _for_a_person(turn, reading, WorkKind.TRIAGE)
    return turn


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


def forwarded_turn(turn: Turn) -> Turn:
    """A colleague passed a customer's mail on: who wrote it stands only in the text, so no mail goes there unasked."""
    if turn.outcome is not InboundOutcome.CASE:
        return turn
    return replace(turn, by_staff=True, human=True, mail=Mail.NONE, awaited=None, work=(WorkKind.HANDLE,))
