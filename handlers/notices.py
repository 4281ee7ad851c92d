"""The mails that leave without a person: receipt, code, reminder, status, opt-out, and the notices to staff.

Each is a small letter. The first block says that a program writes and how to reach a person (AI Act art. 50(1)).
They hold no data of anybody, are the same for known and unknown addresses, and never take a decision: that is what
the letters in the other files are for, which staff approve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cases.letters import Block, BlockKind, Letter
from cases.policy import Policy
from cases.progress import Progress
from cases.types import ChannelKind, Form, Label, WorkKind
from handlers import standing
from handlers.parts import block, closing, phone_variant
from handlers.wording import Texts, load_texts, staff_texts


@dataclass(frozen=True, slots=True)
class About:
    """The case a notice is about. `link`: its page; `desk_link`: the page that says what the desk does (art. 13)."""

    policy: Policy
    form: Form
    case_number: str
    labels: tuple[Label, ...]
    received_at: datetime
    told: date
    link: str = ""
    desk_link: str = ""
    texts: Texts | None = None

    @property
    def say(self) -> Texts:
        return self.texts or load_texts(self.form)

    @property
    def wishes(self) -> tuple[Label, ...]:
        """Never empty: a message that has no label yet is 'another question'."""
        return self.labels or (Label.OVERIG,)


# --- receipt ----------------------------------------------------------------------------------------------------------


def acknowledgement(about: About, *, identity_needed: bool, also_other: bool = False) -> Letter:
    """Received on, number, date told, no costs, whether identity is needed and why."""
    texts = about.say
    return framed(
        about,
        "acknowledgement.subject",
        *_received(about, also_other=also_other),
        text_block(
            "identity", texts.say("acknowledgement.identity" if identity_needed else "acknowledgement.no_identity")
        ),
        _reference(about),
    )


def acknowledgement_with_code(
    about: About, *, code: str, channel: ChannelKind, written_at: datetime, also_other: bool = False
) -> Letter:
    """Receipt and code in one mail. The same text for every address, known or not."""
    return framed(
        about,
        "acknowledgement.subject",
        *_received(about, also_other=also_other),
        text_block("identity", about.say.say("acknowledgement.identity")),
        *_code(about, code, channel, written_at),
        _reference(about),
    )


def code_mail(about: About, *, code: str, channel: ChannelKind, written_at: datetime) -> Letter:
    """A code alone: a resend, or the mail to an address typed in a chat. Nothing of what was written is quoted."""
    return framed(about, "code.subject", *_code(about, code, channel, written_at))


def triage_acknowledgement(about: About) -> Letter:
    """A person will read it: the program is not sure what is asked."""
    texts = about.say
    received = texts.say("triage.text", received=texts.day(about.received_at))
    told = texts.say("triage.told", told=texts.day(about.told))
    return framed(
        about, "triage.subject", text_block("received", received, texts.say("triage.person"), told), _reference(about)
    )


# --- code results -----------------------------------------------------------------------------------------------------


def code_wrong(about: About, *, left: int) -> Letter:
    say = about.say.say
    left_text = say("code_wrong.left", left=left)
    return framed(
        about, "code_wrong.subject", text_block("wrong", say("code_wrong.text"), left_text, say("code_wrong.stays"))
    )


def code_expired(about: About, *, code: str = "") -> Letter:
    """With a fresh code where one may still be sent, else with the words that ask for one."""
    say = about.say.say
    if not code:
        return framed(
            about, "code_expired.subject", text_block("expired", say("code_expired.text"), say("code_expired.ask"))
        )
    return framed(
        about,
        "code_expired.subject",
        text_block("expired", say("code_expired.text"), say("code_expired.renewed")),
        *_code_and_rules(about, code),
    )


def code_locked(about: About) -> Letter:
    """Too many tries: automatic mail stops, the request and its date do not."""
    texts = about.say
    stays = texts.say("code_locked.stays", told=texts.day(about.told))
    return framed(
        about,
        "code_locked.subject",
        text_block("locked", texts.say("code_locked.text"), texts.say("code_locked.person"), stays),
    )


def code_other_conversation(about: About) -> Letter:
    """A code sent back from another mailbox raises nothing; the sender is asked. Tells nothing about the case."""
    texts = about.say
    questions = texts.say("code_other.ask"), texts.say("code_other.not_you")
    return framed(
        about, "code_other.subject", text_block("other", texts.say("code_other.text"), *questions), link=False
    )


def code_accepted(about: About) -> Letter:
    texts = about.say
    following = texts.say("code_accepted.next", told=texts.day(about.told))
    return framed(about, "code_accepted.subject", text_block("accepted", texts.say("code_accepted.text"), following))


def identity_reminder(about: About) -> Letter:
    """One reminder per question; after that a person decides."""
    texts = about.say
    text = texts.say("identity_reminder.text", received=texts.day(about.received_at))
    rest = texts.say("identity_reminder.how"), texts.say("identity_reminder.trouble")
    return framed(about, "identity_reminder.subject", text_block("reminder", text, *rest))


# --- conversation -----------------------------------------------------------------------------------------------------


def clarification(about: About, choices: Sequence[Label]) -> Letter:
    """Asks back, with the two likeliest wishes in words."""
    texts = about.say
    wishes = [f"{number}. {texts.say(f'wish.{label.value}')}" for number, label in enumerate(choices, 1)]
    return framed(
        about,
        "clarification.subject",
        text_block("question", texts.say("clarification.text", received=texts.day(about.received_at))),
        block(BlockKind.CHOICES, items=wishes),
        text_block(
            "answer", texts.say("clarification.answer"), texts.say("clarification.told", told=texts.day(about.told))
        ),
    )


def status(about: About, running: Sequence[Progress], *, today: date, systems: Mapping[str, str]) -> Letter:
    """How far requests are: received on, stage, latest date, whether the clock stands still and for what."""
    return framed(about, "status.subject", standing.stage(about.say, running, today, systems))


def withdrawn(about: About, dropped: Sequence[Progress], *, systems: Mapping[str, str]) -> Letter:
    """Closed on the requester's own wish; what had been carried out by then is said."""
    texts = about.say
    return framed(
        about,
        "closed.subject",
        text_block("dropped", texts.say("closed.done")),
        standing.closed(texts, dropped, systems),
    )


def status_unproven(about: About) -> Letter:
    """Asked in a conversation that has not been proven: no facts of the request, and the way to them."""
    texts = about.say
    how = texts.say("identity_reminder.how"), texts.say("identity_reminder.trouble")
    return framed(about, "status.nothing_subject", text_block("unproven", texts.say("status.unproven"), *how))


def status_unknown(about: About) -> Letter:
    """No open request in this conversation; says nothing about other addresses."""
    texts = about.say
    return framed(about, "status.nothing_subject", text_block("nothing", texts.say("status.nothing")), link=False)


def human_handover(about: About) -> Letter:
    """'mens': the program is silent from here, a member of staff takes over, the date stands."""
    texts = about.say
    which, values = phone_variant("human", about.policy)
    phone = texts.say(f"human.{which.removeprefix('human_')}", **values) if values else ""
    told = texts.say("human.told", told=texts.day(about.told))
    return framed(about, "human.subject", text_block("human", texts.say("human.text"), phone, told))


def download_code(about: About, *, code: str, written_at: datetime, hours: int = 1) -> Letter:
    """The code that opens an export page; asked for on that page."""
    texts = about.say
    written = texts.day(written_at)
    return framed(
        about,
        "download_code.subject",
        text_block("written", texts.say("download_code.text", written=written, case=about.case_number)),
        block(BlockKind.CODE, code),
        text_block("how", texts.say("download_code.how"), texts.say("download_code.lifetime", hours=hours)),
        text_block("safety", texts.say("code.never"), texts.say("download_code.not_you")),
        link=False,
    )


# --- staff ------------------------------------------------------------------------------------------------------------


def staff_warning(*, case_number: str, label: Label, told: date, today: date, link: str) -> Letter:
    """So many days left. Number, kind, date and link only: this mail leaves the desk."""
    days = (told - today).days
    if days < 0:
        return staff_overdue(case_number=case_number, label=label, told=told, link=link)
    return _staff("warning" if days else "warning_today", case_number, label, told, link, days=days)


def staff_overdue(*, case_number: str, label: Label, told: date, link: str) -> Letter:
    return _staff("overdue", case_number, label, told, link)


def staff_waiting(*, case_number: str, label: Label, told: date, link: str) -> Letter:
    """A draft waits for approval."""
    return _staff("waiting", case_number, label, told, link)


def staff_alarm(*, kind: WorkKind, number: int, organisation: str, link: str) -> Letter:
    """Something stands still until a person looks: unreadable mail, a dead channel, an answer that came back."""
    texts = staff_texts()
    what = texts.say(f"alarm.{kind.value}", number=number)
    blocks = (text_block("notice", what), block(BlockKind.LINK, texts.say("link.list"), link=link))
    return Letter(texts.say("alarm.subject", org=organisation, what=what), Form.NL_U, blocks)


def _staff(section: str, case_number: str, label: Label, told: date, link: str, days: int = 0) -> Letter:
    texts = staff_texts()
    values = {"case": case_number, "kind": label.value, "told": load_texts(Form.NL_U).day(told), "days": days}
    blocks = (
        text_block("notice", texts.say(f"{section}.text", **values)),
        block(BlockKind.LINK, texts.say("link.label"), link=link),
    )
    return Letter(texts.say(f"{section}.subject", **values), Form.NL_U, blocks)


# --- pieces -----------------------------------------------------------------------------------------------------------


def framed(about: About, subject: str, *blocks: Block, link: bool = True) -> Letter:
    """The frame of every automatic mail; the first line says who is writing."""
    texts = about.say
    which, values = phone_variant("assistant.first", about.policy)
    head = (
        block(BlockKind.ASSISTANT, texts.say(which, org=about.policy.name, **values)),
        block(BlockKind.GREETING, texts.say("frame.greeting")),
    )
    case_link = block(BlockKind.LINK, texts.say("frame.case_page"), key="case_link", link=about.link)
    desk_link = block(BlockKind.LINK, texts.say("frame.about_desk"), key="desk_link", link=about.desk_link)
    foot = (
        *((case_link,) if link and about.link else ()),
        closing(texts, about.policy),
        *((desk_link,) if about.desk_link else ()),
    )
    return Letter(texts.say(subject, case=about.case_number), texts.form, (*head, *blocks, *foot))


def _received(about: About, *, also_other: bool) -> tuple[Block, ...]:
    texts = about.say
    wishes = [texts.say(f"wish.{label.value}") for label in about.wishes]
    return (
        text_block(
            "received",
            texts.say("acknowledgement.received", received=texts.day(about.received_at)),
            texts.say("acknowledgement.told", told=texts.day(about.told)),
        ),
        block(BlockKind.UNDERSTOOD, texts.say("acknowledgement.understood"), items=wishes),
        text_block(
            "not_right",
            texts.say("acknowledgement.not_right"),
            texts.say("acknowledgement.also_other") if also_other else "",
        ),
    )


def _code(about: About, code: str, channel: ChannelKind, written_at: datetime) -> tuple[Block, ...]:
    texts = about.say
    written = texts.say(
        "code.written",
        written=texts.day(written_at),
        channel=texts.say(f"channel.{channel.value}"),
        topic=_topics(about),
    )
    return (text_block("written", written), *_code_and_rules(about, code, channel))


def _code_and_rules(about: About, code: str, channel: ChannelKind = ChannelKind.EMAIL) -> tuple[Block, ...]:
    """The code, what to do with it, and what we never ask."""
    texts = about.say
    chat = channel is not ChannelKind.EMAIL
    how = "code.how_chat" if chat else "code.how" if about.link else "code.how_no_page"
    lifetime = texts.say("code.lifetime", hours=about.policy.identity.code_hours)
    return (
        block(BlockKind.CODE, code),
        text_block("how", texts.say(how), lifetime),
        text_block("safety", texts.say("code.never"), texts.say("code.not_you")),
    )


def _reference(about: About) -> Block:
    return block(BlockKind.REFERENCE, about.say.say("acknowledgement.case", case=about.case_number))


def _topics(about: About) -> str:
    texts = about.say
    return ", ".join(texts.say(f"topic.{label.value}") for label in about.wishes)


def text_block(key: str, *text: str) -> Block:
    return block(BlockKind.TEXT, *text, key=key)
