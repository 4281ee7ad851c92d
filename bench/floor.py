"""The floor: the least that could be called receiving mail and acknowledging it, written as simply as it can be.

One process: aiosmtpd takes a mail, the standard `email` package parses it, one row is committed in SQLite (WAL,
synchronous=FULL) before the "250", one acknowledgement leaves over SMTP by a connection that is used again. It reads
nothing, seals nothing, keeps no terms, no audit and no outbox: if it stops, acknowledgements are lost.
"""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import make_msgid
from pathlib import Path

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.mails import TARGET

LIFE = 900.0

_BODY = (
    "Geachte heer, mevrouw,\n\nWij hebben uw bericht ontvangen. U krijgt binnen een maand antwoord.\n\n"
    "Met vriendelijke groet,\nWhat Next\n"
)


class _Lines(SMTP):
    line_length_limit = 1_000_000  # as the program: real HTML mail has long lines


class _Handler:
    def __init__(self, database: sqlite3.Connection, waiting: asyncio.Queue[EmailMessage]) -> None:
        self._database, self._waiting = database, waiting

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.content
        assert isinstance(raw, bytes)
        mail = message_from_bytes(raw, policy=default)
        assert isinstance(mail, EmailMessage)
        part = mail.get_body(("plain", "html"))
        text = part.get_content() if part is not None else ""
        row = (str(mail["from"]), str(mail["subject"]), text, raw)
        self._database.execute("INSERT INTO mail (sender, subject, text, raw) VALUES (?, ?, ?, ?)", row)
        self._database.commit()
        self._waiting.put_nowait(_acknowledgement(envelope.mail_from or "", str(mail["subject"]), mail["message-id"]))
        return "250 2.0.0 Stored"


def _acknowledgement(recipient: str, subject: str, answered: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = TARGET, recipient, f"Re: {subject}"
    mail["Message-ID"], mail["In-Reply-To"], mail["Auto-Submitted"] = make_msgid(), answered, "auto-replied"
    mail.set_content(_BODY)
    return mail


async def _send(waiting: asyncio.Queue[EmailMessage], port: int) -> None:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
    await client.connect()
    while True:
        await client.send_message(await waiting.get())


def _open(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE mail (id INTEGER PRIMARY KEY, sender, subject, text, raw BLOB)")
    return database


async def serve(file: Path, port: int, sink: int) -> None:
    database, waiting = _open(file), asyncio.Queue[EmailMessage]()
    loop = asyncio.get_running_loop()
    handler = _Handler(database, waiting)
    server = await loop.create_server(lambda: _Lines(handler, loop=loop), "127.0.0.1", port)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    sender = asyncio.create_task(_send(waiting, sink))
    try:
        await asyncio.wait_for(ended.wait(), LIFE)
    finally:
        sender.cancel()
        server.close()
        database.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
