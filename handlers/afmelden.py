"""Opting out of advertising, art. 21(2)-(3) AVG and 11.7 Tw: absolute, at once, no reason asked.

Nobody is looked up and the letter is the same for known and unknown addresses. All advertising channels, unless the
person names some; a mixed list counts as advertising. The program answers by itself when the wish is plain and only
the sender's own address is meant; else a person reads along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cases.letters import Block, BlockKind
from cases.policy import AdChannel, ListKind
from cases.reading import FactKind
from cases.types import Decision, Label
from handlers.automatic import by_program
from handlers.base import CaseFile, Needs, Prepared
from handlers.parts import block, head, letter, policy_text, tail, texts_of, titled
from handlers.planning import opt_out, says
from handlers.wording import staff_texts

# How a message calls a channel. Mail is not among them: "geen mail meer" is how people say "no advertising at all".
_WORDS: Mapping[AdChannel, tuple[str, ...]] = {
    AdChannel.POST: ("per post", "in de bus", "brievenbus", "folder", "papier", "by post", "letterbox"),
    AdChannel.PHONE: ("bellen", "belt", "gebeld", "bel mij", "bel me", "telefonisch", "telefoontjes", "per telefoon",
                      "phone", "calling"),
    AdChannel.SMS: ("sms", "whatsapp", "appjes", "text message"),
    AdChannel.SOCIAL: ("social", "sociale media", "facebook", "instagram", "linkedin"),
}  # fmt: skip
_MAIL = ("e-mail", "mail", "nieuwsbrief", "newsletter")
_SAID: Mapping[AdChannel, str] = {
    AdChannel.EMAIL: "stop.email",
    AdChannel.POST: "stop.post",
    AdChannel.PHONE: "stop.phone",
    AdChannel.SMS: "stop.sms",
    AdChannel.SOCIAL: "stop.social",
}
_BUT = re.compile(r"\b(behalve|maar|wel|except|but|still)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Afmelden:
    label: Label = Label.AFMELDEN
    needs: Needs = Needs.SYSTEMS

    def prepare(self, file: CaseFile) -> Prepared:
        texts, channels = texts_of(file), channels_named(file.as_understood)
        opening = texts.say("opt_out.decision")
        blocks: tuple[Block, ...] = (
            *head(file, Decision.GRANTED, opening),
            *_stopped(file, channels),
            titled(texts, BlockKind.UNDERWAY, texts.say("opt_out.underway")),
            titled(texts, BlockKind.CONTINUES, policy_text(file.policy.service_messages, texts, "opt_out.continues")),
            titled(texts, BlockKind.SUPPRESSION, texts.say("opt_out.suppression")),
            *tail(file),
        )
        notes = doubts(file)
        if not notes:
            blocks = by_program(file, blocks)
        plan = opt_out(file, channels)
        if not plan:
            notes = (*notes, staff_texts().say("note.no_lists"))
        return Prepared(
            Decision.GRANTED, plan, letter(file, blocks), None, notes, by_program=blocks[0].kind is BlockKind.ASSISTANT
        )


def channels_named(words: str) -> tuple[AdChannel, ...]:
    """The channels that a request names; none is all of them. Mail counts only beside another one."""
    found = tuple(channel for channel, names in _WORDS.items() if says(words, names))
    return (AdChannel.EMAIL, *found) if found and says(words, _MAIL) else found


def doubts(file: CaseFile) -> tuple[str, ...]:
    """Why a person should read along, in words for staff: another address, or a wish with an exception."""
    others = {
        fact.value.casefold() for fact in file.facts if fact.kind is FactKind.EMAIL
    } - {file.requester_address.casefold()}  # fmt: skip
    say = staff_texts().say
    notes = [say("note.other_address")] if others else []
    if _BUT.search(file.as_understood) and channels_named(file.as_understood):
        notes.append(say("note.exception"))
    return tuple(notes)


def _stopped(file: CaseFile, channels: tuple[AdChannel, ...]) -> tuple[Block, ...]:
    """What stops, from today: by name of the list where the policy knows it."""
    texts, today = texts_of(file), texts_of(file).day(file.now)
    lists = [
        item.label
        for item in file.policy.lists
        if item.kind is not ListKind.SERVICE and (not channels or item.channel in channels)
    ]
    also = texts.say("stop.lists", lists=", ".join(lists)) if lists else ""
    address = block(BlockKind.TEXT, also, texts.say("stop.address"), key="address")
    if not channels:
        return (titled(texts, BlockKind.STOPPED, texts.say("stop.all", date=today)), address)
    said = [texts.say(_SAID[channel]) for channel in channels]
    more = block(BlockKind.TEXT, texts.say("stop.other_ways"), key="other_ways")
    return (titled(texts, BlockKind.STOPPED, texts.say("stop.named", date=today), items=said), address, more)
