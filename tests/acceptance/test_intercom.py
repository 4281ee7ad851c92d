"""Conversations at Intercom: questions and status pass there, codes and letters go to the mailbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot.intercom import CursorInStore
from cases.types import ChannelKind, ChannelMode, Custody, OutboxStatus, WorkKind
from intake.email.html import html_to_text
from intake.intercom.client import IntercomClient
from intake.intercom.messages import choice_uuid
from intake.intercom.receiver import IntercomReceiver
from intake.intercom.sender import IntercomSender
from storage.models import Conversation, Inbound, Outbox, table
from tests.acceptance.words import ACCESS, CUSTOMER, DAILY, UNKNOWN
from tests.support.arrived import Mail
from tests.support.chat import open_chat
from tests.support.intercom_api import Workspace, intercom
from tests.support.office import Office
from workflow import intercom_notes


@dataclass(slots=True)
class Customer:
    """One person's conversation, with everything between it and the desk real."""

    office: Office
    workspace: Workspace
    receiver: IntercomReceiver
    talk: str = ""
    mails: list[Mail] = field(default_factory=list)
    _read: int = 0

    async def says(self, text: str, *, told: bool = True, **more: object) -> list[str]:
        """Gives what the desk says in return. `told`: Intercom delivers its notification; else it was dropped."""
        self.office.clock.advance(minutes=1)
        text = text.replace("\n", "<br>")
        if self.talk:
            notification = self.workspace.notification(self.talk, self.workspace.says(self.talk, text, **more))
        else:
            self.talk = self.workspace.begin(text)
            notification = self.workspace.notification(self.talk)
        if told:
            await self.receiver.notified(notification[0], notification[1]["X-Hub-Signature"])
        else:
            await self.receiver.look()
        return await self.hears()

    async def hears(self) -> list[str]:
        self.mails += await self.office.work()
        comments = [html_to_text(part["body"])[0] for part in self.workspace.parts(self.talk, "comment")]
        fresh, self._read = comments[self._read :], len(comments)
        return fresh

    @property
    def everything(self) -> str:
        """All that ever went to Intercom."""
        return str([call.body for call in self.workspace.calls])


@pytest.fixture
async def customer(office: Office) -> AsyncIterator[Customer]:
    with intercom(office.clock.now) as workspace:
        yield await switched_on(office, workspace)


async def switched_on(office: Office, workspace: Workspace, mode: ChannelMode = ChannelMode.ON) -> Customer:
    settings = workspace.settings
    open_chat(office, ChannelKind.INTERCOM, account=settings.account, custody=Custody.GUEST, mode=mode)
    client = IntercomClient(settings)
    office.desk = office.desk.with_sender(settings.account, IntercomSender(client))
    cursor = CursorInStore(office.store)
    receiver = IntercomReceiver(settings, client, office.accept, cursor, office.clock.now)
    await receiver.start()
    return Customer(office, workspace, receiver)


async def test_from_the_question_to_the_letter(customer: Customer) -> None:
    office = customer.office
    (line,) = await customer.says(ACCESS)
    assert line.startswith("Ik ben de automatische assistent van WhatNext.") and "e-mailadres" in line
    await customer.says(CUSTOMER.email)
    (mail,) = customer.mails
    assert mail.to == CUSTOMER.email
    await customer.says(mail.code)
    assert office.state() == "awaiting_approval"
    (letter,) = await office.approved()
    assert letter.to == CUSTOMER.email
    (sent,) = await customer.hears()
    assert "antwoord" in sent and letter.token("d") not in customer.everything
    assert office.state() == "answered" and office.audit().problems == ()


async def test_no_data_no_code_and_no_address_pass_there(customer: Customer) -> None:
    await customer.says(ACCESS)
    await customer.says(CUSTOMER.email)
    await customer.says(customer.mails[-1].code)
    await intercom_notes.sweep(customer.office.desk)
    (letter,) = await customer.office.approved()
    await customer.hears()
    for secret in (customer.mails[0].code, CUSTOMER.email, CUSTOMER.name, letter.token("d"), letter.subject):
        assert secret not in customer.everything


async def test_colleagues_get_a_note_once(customer: Customer) -> None:
    office = customer.office
    await customer.says(ACCESS)
    assert await intercom_notes.sweep(office.desk) == 1
    assert await intercom_notes.sweep(office.desk) == 0
    await office.work()
    (note,) = customer.workspace.parts(customer.talk, "note")
    text = html_to_text(note["body"])[0]
    (talk,) = office.rows(Conversation, table(Conversation).c.channel == "intercom")
    assert f"/bureau/zaak/{talk.case_id}" in text and "inzage" in text and "2026" in text
    assert "overzicht" not in text and "Anna" not in text
    assert len(customer.workspace.parts(customer.talk, "comment")) == 1, "the customer sees no note"


async def test_what_is_none_of_ours_is_left_to_colleagues(customer: Customer) -> None:
    office = customer.office
    for words in ("Hoi!", DAILY):
        assert await customer.says(words) == []
    assert office.work_list() == [] and office.requests() == []
    assert await intercom_notes.sweep(office.desk) == 0
    rows = table(Inbound)
    kept = office.rows(Inbound, rows.c.channel == "intercom", rows.c.data_key_id.is_not(None))
    assert all(row.outcome != "no_request" for row in kept), "our copy is erased"


async def test_a_dropped_notification_is_found(customer: Customer) -> None:
    (line,) = await customer.says(ACCESS, told=False)
    assert "assistent" in line
    assert await customer.receiver.look() == 0


async def test_a_pressed_quick_reply_says_what_it_says(customer: Customer) -> None:
    await customer.says(ACCESS)
    (offer,) = customer.workspace.parts(customer.talk, "quick_reply")
    options = {one["text"]: one["uuid"] for one in offer["metadata"]["quick_reply_options"]}
    assert choice_uuid("human") in options.values()
    person = next(words for words, uuid in options.items() if uuid == choice_uuid("human"))
    (line,) = await customer.says(person, metadata={"quick_reply_uuid": choice_uuid("human")})
    assert "collega" in line or "medewerker" in line
    assert WorkKind.HUMAN_WANTED in customer.office.work_list()
    assert await customer.says("Hallo?") == [], "a person speaks from here"


async def test_known_or_not_the_same_lines_and_the_same_mail(office: Office) -> None:
    heard = []
    with intercom(office.clock.now) as workspace:
        first = await switched_on(office, workspace)
        for address in (CUSTOMER.email, UNKNOWN):
            customer = Customer(office, workspace, first.receiver)
            await customer.says(ACCESS)
            lines = await customer.says(address)
            heard.append((lines, customer.mails[-1].text.replace(customer.mails[-1].code, "")))
    assert heard[0][0] == heard[1][0]


async def test_a_line_whose_fate_nobody_knows_is_not_repeated(customer: Customer) -> None:
    customer.workspace.script.append("hang up")
    assert len(await customer.says(ACCESS)) == 1
    rows = table(Outbox)
    (row,) = customer.office.rows(Outbox, rows.c.channel == "intercom")
    assert row.status == OutboxStatus.UNCERTAIN.value
    assert WorkKind.SEND_UNCERTAIN in customer.office.work_list()
    customer.office.clock.advance(hours=3)
    assert await customer.hears() == []


async def test_when_intercom_is_busy_the_line_waits(customer: Customer) -> None:
    customer.workspace.script.append("429")
    customer.workspace.headers = {"Retry-After": "90"}
    assert await customer.says(ACCESS) == []
    customer.office.clock.advance(seconds=60)
    assert await customer.hears() == []
    customer.office.clock.advance(seconds=60)
    assert len(await customer.hears()) == 1


async def test_a_channel_that_only_looks_on_says_nothing(office: Office) -> None:
    with intercom(office.clock.now) as workspace:
        customer = await switched_on(office, workspace, ChannelMode.WATCH)
        assert await customer.says(ACCESS) == []
        assert await intercom_notes.sweep(office.desk) == 0
        assert {call.method for call in workspace.calls} <= {"GET"}


async def test_under_supervision_the_customer_waits_for_a_click_and_colleagues_do_not(office: Office) -> None:
    with intercom(office.clock.now) as workspace:
        customer = await switched_on(office, workspace, ChannelMode.SUPERVISED)
        assert await customer.says(ACCESS) == []
        assert WorkKind.RELEASE in office.work_list()
        await intercom_notes.sweep(office.desk)
        await office.work()
        assert len(workspace.parts(customer.talk, "note")) == 1
