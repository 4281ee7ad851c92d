"""The way out of one bot (`cases.protocols.Sender`): plain text, quick replies, answers under the message they answer.

Addresses in a text are never fetched for a preview: a link to a case page holds a secret. A line that breaks after the
call was written is Uncertain, and so is a long text of which only the first parts left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from aiohttp import ClientConnectionResetError, ClientConnectorError, ConnectionTimeoutError

from bot.telegram.keyboards import buttons
from bot.telegram.messages import replies_to
from bot.telegram.settings import TelegramSettings
from cases.errors import LoketError, Permanent, Temporary, Throttled, Uncertain
from cases.guard import outside_unit
from cases.protocols import Outgoing, SentProof

LONGEST = 4096  # characters of one message (Bot API, sendMessage)
CALL_SECONDS = 20
PATIENCE = timedelta(seconds=30)  # between the parts of one text
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def make_bot(settings: TelegramSettings) -> Bot:
    return Bot(settings.token, AiohttpSession(api=TelegramAPIServer.from_base(settings.api)))


class TelegramSender:
    """Sends for one bot."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot

    async def send(self, message: Outgoing) -> SentProof:
        outside_unit("the Telegram sender")
        parts, keyboard = split(message.text), buttons(message.choices)
        for number, text in enumerate(parts):
            under = keyboard if number == len(parts) - 1 else None
            answered = replies_to(message.in_reply_to) if number == 0 else None
            await self._part(message.recipient, text, under, answered, first=number == 0)
        return SentProof("ok")

    async def _part(
        self, chat: str, text: str, keyboard: InlineKeyboardMarkup | None, answered: int | None, *, first: bool
    ) -> None:
        try:
            await self._say(chat, text, keyboard, answered)
        except Throttled as error:
            if first or error.retry_after > PATIENCE:
                raise error if first else _half() from None
            await asyncio.sleep(error.retry_after.total_seconds())
            await self._rest(chat, text, keyboard)
        except LoketError as error:
            raise error if first else _half() from None

    async def _rest(self, chat: str, text: str, keyboard: InlineKeyboardMarkup | None) -> None:
        try:
            await self._say(chat, text, keyboard, None)
        except LoketError:
            raise _half() from None

    async def _say(self, chat: str, text: str, keyboard: InlineKeyboardMarkup | None, answered: int | None) -> None:
        reply = ReplyParameters(message_id=answered, allow_sending_without_reply=True) if answered else None
        with translated():
            await self.bot.send_message(
                int(chat), text, reply_markup=keyboard, reply_parameters=reply, link_preview_options=NO_PREVIEW,
                request_timeout=CALL_SECONDS,
            )  # fmt: skip

    async def close(self) -> None:
        await self.bot.session.close()


def _half() -> Uncertain:
    return Uncertain("telegram: only the first part of a long text is known to have left")


@contextmanager
def translated() -> Iterator[None]:
    """aiogram's errors as ours. Never with their text: it may hold what was sent, and the address holds the token."""
    try:
        yield
    except TelegramRetryAfter as error:
        raise Throttled("telegram 429", timedelta(seconds=error.retry_after)) from None
    except TelegramForbiddenError:
        raise Permanent("telegram 403: this chat takes no messages from the bot") from None
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise Temporary("telegram 401: the token does not hold") from None
    except TelegramConflictError:
        raise Temporary("telegram 409: somebody else reads this bot, or a webhook is set") from None
    except TelegramMigrateToChat:
        raise Permanent("telegram 400: the group has become another chat") from None
    except (TelegramBadRequest, TelegramEntityTooLarge):
        raise Permanent("telegram 400: this message or chat is not accepted") from None
    except TelegramNetworkError as error:
        raise _broken(error.__cause__) from None
    except ClientDecodeError:
        raise Uncertain("telegram: an answer that can not be read") from None
    except TelegramAPIError:  # its own word that it did not do it (500)
        raise Temporary("telegram: the server can not do it now") from None


def _broken(cause: BaseException | None) -> LoketError:
    """Before the call was written nothing has happened; after it nobody knows."""
    if isinstance(cause, ClientConnectorError | ConnectionTimeoutError | ClientConnectionResetError):
        return Temporary("telegram: no connection")
    return Uncertain("telegram: the line broke after the call")


# --- long texts -------------------------------------------------------------------------------------------------------


def split(text: str, longest: int = LONGEST) -> list[str]:
    """Parts that fit, cut at the end of a paragraph, else of a line, a sentence, a word. Nothing is left out."""
    parts = []
    rest = text.strip() or "…"
    while _length(rest) > longest:
        cut = _cut(rest, longest)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest else parts


def _cut(text: str, longest: int) -> int:
    room = longest
    while _length(text[:room]) > longest:  # outside the basic plane a character counts twice
        room -= (_length(text[:room]) - longest + 1) // 2
    for mark in ("\n\n", "\n", ". ", " "):
        place = text.rfind(mark, room // 2, room)
        if place > 0:
            return place + len(mark)
    return room


def _length(text: str) -> int:
    """As Telegram counts: in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
