"""Mails around what is carried out: before an erasure, around a changed address, to recipients, to who keeps a system.

Like all notices they hold no data of anybody; an address or account number is named by its kind, never by its value.
Serves art. 16 and 17 (what happens when), art. 19 (recipients are told) and art. 32 (a change of address is a way in).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from cases.letters import BlockKind, Letter
from cases.policy import Policy, Recipient
from cases.types import Form, Verb
from handlers.notices import About, framed, text_block
from handlers.parts import block, closing
from handlers.wording import Texts, staff_texts


def planned(about: About, *, on: date, undo_link: str) -> Letter:
    """An erasure was approved and waits: it can be called off until then."""
    texts = about.say
    return framed(
        about,
        "planned.subject",
        text_block("planned", texts.say("planned.text", date=texts.day(on)), texts.say("planned.call_off")),
        block(BlockKind.LINK, texts.say("planned.link"), key="call_off", link=undo_link),
    )


def changed(about: About, *, fields: Sequence[str], until: datetime, undo_link: str) -> Letter:
    """To the old and to the new address alike: what kind of thing was changed, and how to undo it."""
    texts = about.say
    names = [texts.say(f"field.{name}") if texts.has(f"field.{name}") else name for name in fields]
    return framed(
        about,
        "changed.subject",
        block(BlockKind.CHANGES, texts.say("changed.text"), key="changed", items=names),
        text_block("undo", texts.say("changed.undo", until=texts.day(until))),
        block(BlockKind.LINK, texts.say("changed.link"), key="undo_link", link=undo_link),
    )


def undone(about: About) -> Letter:
    texts = about.say
    return framed(about, "undone.subject", text_block("undone", texts.say("undone.text"), texts.say("undone.person")))


def to_recipient(
    texts: Texts, policy: Policy, recipient: Recipient, *, verb: Verb, case_number: str, reference: str, link: str
) -> Letter:
    """Art. 19: told which person by the reference that both know, and what was changed; a button confirms."""
    return Letter(
        texts.say("art19.subject", case=case_number, org=policy.name),
        texts.form,
        (
            block(BlockKind.GREETING, texts.say("frame.greeting")),
            text_block(
                "what",
                texts.say("art19.text", org=policy.name, purpose=recipient.purpose),
                texts.say(f"art19.{verb.value}"),
                texts.say("art19.who", reference=reference),
                texts.say("art19.do"),
            ),
            block(BlockKind.LINK, texts.say("art19.link"), key="confirm", link=link),
            closing(texts, policy),
        ),
    )


def id_copy(about: About, *, doubt: str, link: str) -> Letter:
    """A shielded copy, on a named doubt only: what to cover, where to put it, when it goes (law.md 3)."""
    texts = about.say
    covered = [texts.say(f"id_copy.{part}") for part in ("bsn", "photo", "number", "zone")]
    return framed(
        about,
        "id_copy.subject",
        text_block("why", texts.say("id_copy.why", doubt=doubt)),
        block(BlockKind.TEXT, texts.say("id_copy.cover"), key="cover", items=covered),
        text_block("gone", texts.say("id_copy.gone"), texts.say("id_copy.other_way")),
        block(BlockKind.LINK, texts.say("id_copy.link"), key="upload", link=link),
    )


def transfer_ask(about: About, *, party: str, link: str) -> Letter:
    """Who gets the data is confirmed by the person, behind a link in a mail to the proven address."""
    texts = about.say
    return framed(
        about,
        "transfer.subject",
        text_block("ask", texts.say("transfer.ask", party=party), texts.say("transfer.not_you")),
        block(BlockKind.LINK, texts.say("transfer.link"), key="confirm", link=link),
    )


def transfer_mail(texts: Texts, policy: Policy, *, case_number: str, link: str) -> Letter:
    """To the other party: that data wait, behind a code to this address. It does not say whose they are."""
    return Letter(
        texts.say("transfer.mail_subject", case=case_number, org=policy.name),
        texts.form,
        (
            block(BlockKind.GREETING, texts.say("frame.greeting")),
            text_block("what", texts.say("transfer.mail", org=policy.name), texts.say("transfer.mail_code")),
            block(BlockKind.LINK, texts.say("transfer.mail_link"), key="download", link=link),
            closing(texts, policy),
        ),
    )


def task(*, system: str, case_number: str, due: date, link: str, find: bool, reminder: bool) -> Letter:
    """To who keeps a system by hand. Who it is about stands on the page, not in the mail."""
    texts = staff_texts()
    section = "task_reminder" if reminder else "task"
    what = texts.say("task.find" if find else "task.change", system=system)
    values = {"case": case_number, "what": what, "due": f"{due.day}-{due.month}-{due.year}"}
    blocks = (
        text_block("task", texts.say(f"{section}.text", **values)),
        block(BlockKind.LINK, texts.say("task.link"), key="task_link", link=link),
    )
    return Letter(texts.say(f"{section}.subject", **values), Form.NL_U, blocks)
