"""Telegram's way out: what leaves, and what every refusal and broken line means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.telegram.sender import LONGEST, TelegramSender, make_bot, split
from bot.telegram.settings import TelegramSettings
from cases.errors import LoketError, Permanent, Temporary, Throttled, Uncertain
from cases.protocols import Outgoing
from tests.support.bot_api import TOKEN, USERNAME, BotApi, NotAllowed, bot_api, check_call

ANNA = 7001
LINE = Outgoing(
    outbox_id="o1", organisation="whatnext", account=f"telegram:{USERNAME}", recipient=str(ANNA), subject="",
    text="Geef <b>nu</b> uw adres & typ het: https://loket.example/z/geheim", html="", message_id="<o1@x.example>",
    in_reply_to="17", references=("17",), automatic=True,
    choices=(("wish:inzage", "Mijn gegevens zien"), ("human", "Een medewerker")),
)  # fmt: skip


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with bot_api() as server:
        yield server
        assert server.refused == []


@pytest.fixture
async def sender(api: BotApi) -> AsyncIterator[TelegramSender]:
    made = TelegramSender(make_bot(TelegramSettings("whatnext", USERNAME, TOKEN, api.url)))
    yield made
    await made.close()


async def test_a_line_leaves_as_plain_text_under_what_it_answers(sender: TelegramSender, api: BotApi) -> None:
    await sender.send(LINE)
    (call,) = api.called("sendMessage", ANNA)
    assert call.text == LINE.text and "parse_mode" not in call.given
    assert call.given["reply_parameters"] == {"message_id": 17, "allow_sending_without_reply": True}
    assert call.buttons == {"Mijn gegevens zien": "wish:inzage", "Een medewerker": "human"}


async def test_no_address_in_a_text_is_looked_up_for_a_preview(sender: TelegramSender, api: BotApi) -> None:
    """A preview is made by fetching the page: a case page's address holds a secret."""
    await sender.send(LINE)
    assert api.calls[0].given["link_preview_options"] == {"is_disabled": True}


@pytest.mark.parametrize(("answered", "wanted"), [("17#1764000000", 17), ("17!c9", 17), ("", None), ("<a@b>", None)])
async def test_an_edit_and_a_pressed_button_are_answered_too(
    sender: TelegramSender, api: BotApi, answered: str, wanted: int | None
) -> None:
    await sender.send(replace(LINE, in_reply_to=answered))
    reply = api.calls[0].given.get("reply_parameters")
    assert (reply["message_id"] if reply else None) == wanted


async def test_a_long_text_leaves_in_parts_with_the_buttons_under_the_last(sender: TelegramSender, api: BotApi) -> None:
    text = "\n\n".join(f"Alinea {number}. " + "woord " * 150 for number in range(12))
    await sender.send(replace(LINE, text=text))
    calls = api.called("sendMessage", ANNA)
    assert len(calls) == 3
    assert [bool(call.buttons) for call in calls] == [False, False, True]
    assert [call.text.startswith("Alinea") for call in calls] == [True] * 3
    assert "".join("".join(call.text.split()) for call in calls) == "".join(text.split())


@pytest.mark.parametrize("text", ["a" * 9000, "😀" * 5000, "woord. " * 2000, "x\n" * 6000, "", "  \n "])
def test_no_part_is_too_long_and_nothing_is_lost(text: str) -> None:
    parts = split(text)
    assert all(part and len(part.encode("utf-16-le")) // 2 <= LONGEST for part in parts)
    assert "".join("".join(parts).split()) == ("".join(text.split()) or "…")


@pytest.mark.parametrize(
    ("trouble", "wanted"),
    [
        ("blocked", Permanent),
        ("bad", Permanent),
        ("unauthorized", Temporary),
        ("500", Temporary),
        ("garbage", Uncertain),
        ("hang up", Uncertain),
        (7, Throttled),
    ],
)
async def test_what_an_answer_means(
    sender: TelegramSender, api: BotApi, trouble: str | int, wanted: type[LoketError]
) -> None:
    api.trouble["sendMessage"].append(trouble)
    with pytest.raises(wanted) as raised:
        await sender.send(LINE)
    assert type(raised.value) is wanted
    if isinstance(raised.value, Throttled):
        assert raised.value.retry_after == timedelta(seconds=7)
    for secret in (TOKEN, str(ANNA), "geheim", "adres"):
        assert secret not in str(raised.value)
    await sender.send(LINE)  # it still works
    assert len(api.called("sendMessage")) == (2 if trouble == "hang up" else 1)


async def test_nobody_there_is_temporary(api: BotApi) -> None:
    gone = TelegramSender(make_bot(TelegramSettings("whatnext", USERNAME, TOKEN, "http://127.0.0.1:9")))
    with pytest.raises(Temporary):
        await gone.send(LINE)
    await gone.close()


async def test_half_a_text_is_uncertain(sender: TelegramSender, api: BotApi) -> None:
    long = replace(LINE, text="\n\n".join(["woord " * 500] * 3))
    api.trouble["sendMessage"].extend(["", "500"])
    with pytest.raises(Uncertain):
        await sender.send(long)
    api.trouble["sendMessage"].extend(["", 1])
    await sender.send(long)  # a short wait between the parts is no trouble
    assert len(api.called("sendMessage")) == 1 + 3


def test_the_server_refuses_what_the_description_does_not_allow() -> None:
    """The fake is as strict as it says."""
    button = '{"inline_keyboard": [[{"text": "x", "callback_data": "%s"}]]}'
    assert check_call("sendMessage", {"chat_id": "5", "text": "x", "reply_markup": button % ("y" * 64)})
    for method, given in (
        ("sendFax", {}),
        ("sendMessage", {"chat_id": "5"}),
        ("sendMessage", {"chat_id": "5", "text": "x" * 4097}),
        ("sendMessage", {"chat_id": "5", "text": ""}),
        ("sendMessage", {"chat_id": "5", "text": "x", "loud": "true"}),
        ("sendMessage", {"chat_id": "5", "text": "x", "reply_markup": button % ("y" * 65)}),
        ("sendMessage", {"chat_id": "5", "text": "x", "reply_parameters": '{"message_id": "zeven"}'}),
        ("sendMessage", {"chat_id": "5", "text": "x", "disable_notification": "misschien"}),
        ("getUpdates", {"limit": "101"}),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}),
    ):
        with pytest.raises(NotAllowed):
            check_call(method, given)
