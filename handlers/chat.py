"""What the program says in a chat: short lines, the same blocks, no letter around them.

The first line of a conversation says that a program writes and how to reach a person (AI Act art. 50(1)). A line holds
no data of anybody and takes no decision; it is the same for known and unknown addresses. The mails that belong to a
chat (the code, the answer) are those of `notices` and the letters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from cases.dialogue import Talk
from cases.letters import Block, BlockKind, Letter
from cases.progress import Progress
from cases.types import Label
from handlers import standing
from handlers.notices import About
from handlers.parts import block, phone_variant

_TALK = {
    Talk.HELLO: "chat.hello",
    Talk.THANKS: "chat.thanks",
    Talk.OK: "chat.ok",
    Talk.OTHER_TOPIC: "chat.other_topic",
    Talk.ASK_ADDRESS: "chat.ask_address",
    Talk.CODE_OPEN: "chat.code_open",
    Talk.ADDRESS_UNCLEAR: "chat.address_unclear",
    Talk.NO_ADDRESS: "chat.no_address",
    Talk.STATUS_ADDRESS: "chat.status_address",
    Talk.LANGUAGE: "chat.language_other",
    Talk.DISTRESS: "chat.distress",
    Talk.CALM: "chat.calm",
    Talk.PASSED_ON: "chat.passed_on",
    Talk.STOPPED: "chat.stopped",
    Talk.NOTED: "chat.noted",
    Talk.NO_FILES: "chat.no_files",
    Talk.FILE: "chat.file",
}
# Neither Dutch nor English: said in the language it was asked in.
_FOREIGN = {"de": "chat.language_de", "fr": "chat.language_fr"}


def line(about: About, *blocks: Block, first: bool = False) -> Letter:
    """`first`: of a conversation, so it begins with who is writing."""
    texts = about.say
    which, values = phone_variant("assistant.first", about.policy)
    head = (block(BlockKind.ASSISTANT, texts.say(which, org=about.policy.name, **values)),) if first else ()
    about_desk = block(BlockKind.LINK, texts.say("frame.about_desk"), key="desk_link", link=about.desk_link)
    foot = (about_desk,) if first and about.desk_link else ()
    return Letter(texts.say("chat.subject"), texts.form, (*head, *blocks, *foot))


def receipt(about: About, *, then: Block | None, also_other: bool = False) -> tuple[Block, ...]:
    """What was understood, by when, the number; and `then` the question that stands open."""
    texts = about.say
    wishes = [texts.say(f"wish.{label.value}") for label in about.wishes]
    page = block(BlockKind.LINK, texts.say("frame.case_page"), key="case_link", link=about.link)
    return (
        block(BlockKind.UNDERSTOOD, texts.say("chat.understood"), items=wishes),
        _text(
            "received",
            texts.say("chat.told", told=texts.day(about.told), case=about.case_number),
            texts.say("acknowledgement.also_other") if also_other else "",
        ),
        *((then,) if then is not None else ()),
        *((page,) if about.link else ()),
    )


def ask_address(about: About) -> Block:
    return _text("ask_address", about.say.say("chat.ask_address"))


def no_identity(about: About) -> Block:
    return _text("no_identity", about.say.say("acknowledgement.no_identity"))


def code_sent(about: About) -> Block:
    return _text("code", about.say.say("chat.code_sent"))


def code_limit(about: About) -> Block:
    """No code goes now; the same for every address."""
    return _text("code", about.say.say("chat.code_limit"))


def code_none(about: About) -> Block:
    return _text("code", about.say.say("chat.code_none"))


def code_accepted(about: About) -> Block:
    texts = about.say
    return _text("accepted", texts.say("chat.code_accepted"), texts.say("chat.next", told=texts.day(about.told)))


def code_wrong(about: About, *, left: int) -> Block:
    say = about.say.say
    return _text("wrong", say("chat.code_wrong"), say("code_wrong.left", left=left), say("code_wrong.stays"))


def code_expired(about: About) -> Block:
    return _text("expired", about.say.say("chat.code_expired"))


def code_locked(about: About) -> Block:
    texts = about.say
    return _text("locked", texts.say("code_locked.text"), texts.say("code_locked.person"))


def status(about: About, now: Progress, *, today: date) -> Block:
    """Of the request that is due first; the mail about it holds them all."""
    texts = about.say
    where = texts.say(
        "chat.status", topic=standing.topic(texts, now), received=texts.day(now.received_at),
        stage=texts.say(f"stage.{now.state.value}"), awaiting=texts.say(f"awaiting.{now.awaiting.value}"),
    )  # fmt: skip
    until = texts.say("chat.until", told=texts.day(now.told_on)) if now.open and not now.late(today) else ""
    clock = standing.clock(texts, now, today) if now.late(today) or now.suspended_since or now.extended_on else ""
    return _text("status", where, until, clock)


def status_unknown(about: About) -> Block:
    """After the proof: no case runs under this address."""
    return _text("status", about.say.say("chat.status_none"))


def clarification(about: About) -> Block:
    return _text("question", about.say.say("chat.clarify"))


def human(about: About, *, has_case: bool) -> Block:
    texts = about.say
    which, values = phone_variant("human", about.policy)
    phone = texts.say(f"human.{which.removeprefix('human_')}", **values) if values else ""
    when = texts.say("human.told", told=texts.day(about.told)) if has_case else texts.say("chat.human_mail")
    return _text("human", texts.say("chat.human"), when, phone)


def withdrawn(about: About, dropped: Sequence[Progress], *, systems: Mapping[str, str]) -> Block:
    """Closed; what had been carried out by then is said."""
    texts = about.say
    done = standing.deeds(texts, dropped, systems)
    return _text("withdrawn", texts.say("chat.withdrawn"), texts.say("closed.executed") if done else "", *done)


def talk(about: About, kind: Talk, *, language: str = "") -> Block:
    """A line that opens and decides nothing."""
    texts = about.say
    if kind is Talk.LANGUAGE and language in _FOREIGN:
        return _text("talk", texts.say(_FOREIGN[language]))
    if kind is Talk.OTHER_TOPIC and about.policy.contact.email:
        where = texts.say("chat.other_mail", mail=about.policy.contact.email)
        return _text("talk", texts.say("chat.other_topic"), where)
    return _text("talk", texts.say(_TALK[kind]))


def letter_sent(about: About) -> Letter:
    return line(about, _text("sent", about.say.say("chat.letter_sent", case=about.case_number)))


def reminder(about: About) -> Letter:
    """One reminder per question; after that a person decides."""
    texts = about.say
    return line(about, _text("reminder", texts.say("chat.reminder", received=texts.day(about.received_at))))


def staff_says(about: About, words: Sequence[str]) -> Letter:
    """A colleague's own words; the first line says that a person is speaking now."""
    return line(about, _text("who", about.say.say("chat.staff", org=about.policy.name)), _text("words", *words))


def back(about: About, *, ask: bool) -> Letter:
    """The program speaks again."""
    texts = about.say
    return line(about, _text("back", texts.say("chat.back")), *((ask_address(about),) if ask else ()), first=True)


def choice_words(about: About, label: Label) -> str:
    words = about.say.say(f"topic.{label.value}")
    return words[:1].upper() + words[1:]


def person_words(about: About) -> str:
    return about.say.say("chat.choice_person")


def new_code_words(about: About) -> str:
    return about.say.say("chat.choice_new_code")


def _text(key: str, *text: str) -> Block:
    return block(BlockKind.TEXT, *text, key=key)
