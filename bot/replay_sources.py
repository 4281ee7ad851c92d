"""Where the messages of a replay come from: an mbox, a Maildir, a folder of `.eml` files, one `.eml`, or IMAP.

Everything is read only and one message at a time. Not here: what becomes of a message (`bot/replay`).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from cases.errors import ConfigError, InputError, Permanent
from intake.email import imap_fetch
from intake.email.headers import header_date, parse_headers
from intake.email.imap_connect import session
from intake.email.imap_folders import State, examine
from intake.email.settings import ImapSettings, Tls, is_loopback

PASSWORD = "PRIVACYLOKET_REPLAY_PASSWORD"  # noqa: S105  the name of a variable, no password
MAX_BYTES = 50_000_000  # of one message; what comes after it is not read
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
_CHUNK = 1_000_000
_FROM = b"From "
_QUOTED_FROM = re.compile(rb">+From ")


@dataclass(frozen=True, slots=True)
class Found:
    """One message as it stands; `weight` is its share of the source's total."""

    path: str  # relative to the source
    index: int  # place in the mbox or IMAP folder, from 0; 0 for a file of its own
    raw: bytes
    sha256: str
    received_at: datetime
    weight: int


@dataclass(frozen=True, slots=True)
class Source:
    total: int  # in weights, for the progress bar
    messages: Iterator[Found]


def open_source(path: str, now: datetime) -> Source:
    """InputError when there is nothing to read at this place."""
    if path.startswith(("imap://", "imaps://")):
        return _imap(urlsplit(path), now)
    here = Path(path)
    if here.is_dir():
        return _files(here, _maildir(here) if _is_maildir(here) else _eml_files(here), now)
    if not here.is_file():
        raise InputError("no_such_path", f"er is geen bestand of map {path!r}")
    if here.suffix.lower() != ".eml" and _is_mbox(here):
        return Source(here.stat().st_size, _mbox(here, now))
    return _files(here.parent, [here], now)


# --- files ------------------------------------------------------------------------------------------------------------


def _is_maildir(folder: Path) -> bool:
    return (folder / "cur").is_dir() and (folder / "new").is_dir()


def _maildir(folder: Path) -> list[Path]:
    """By name, which begins with the moment of delivery. Subfolders (Sent, Junk) are mailboxes of their own."""
    found = [file for part in ("cur", "new") for file in (folder / part).iterdir() if not file.name.startswith(".")]
    return sorted((file for file in found if file.is_file()), key=lambda file: file.name)


def _eml_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() == ".eml" and file.is_file())


def _files(base: Path, files: list[Path], now: datetime) -> Source:
    return Source(len(files), (_file(base, file, now) for file in files))


def _file(base: Path, file: Path, now: datetime) -> Found:
    try:
        with file.open("rb") as opened:
            message = _Growing()
            while chunk := opened.read(_CHUNK):
                message.add(chunk)
        changed = file.stat().st_mtime
    except OSError as error:
        raise Permanent(f"een bestand van deze map is niet te lezen ({type(error).__name__})") from None
    return message.found(_name(file.relative_to(base)), 0, now, lambda: _moment(changed), weight=1)


def _name(path: Path) -> str:
    """Names of files may hold bytes that are no text."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


class _Growing:
    """The bytes of one message as they come in: kept up to a bound, counted in the digest all of them."""

    def __init__(self) -> None:
        self._kept, self._size, self._digest = bytearray(), 0, hashlib.sha256()

    def add(self, data: bytes) -> None:
        self._digest.update(data)
        self._size += len(data)
        if len(self._kept) < MAX_BYTES:
            self._kept += data[: MAX_BYTES - len(self._kept)]

    def __len__(self) -> int:
        return self._size

    def found(
        self, path: str, index: int, now: datetime, fallback: Callable[[], datetime | None], *, weight: int
    ) -> Found:
        raw = bytes(self._kept)
        return Found(path, index, raw, self._digest.hexdigest(), received_at(raw, fallback, now), weight)


# --- mbox -------------------------------------------------------------------------------------------------------------


def _is_mbox(file: Path) -> bool:
    with file.open("rb") as opened:
        return file.suffix.lower() in (".mbox", ".mbx") or opened.read(len(_FROM)) == _FROM


def _mbox(file: Path, now: datetime) -> Iterator[Found]:
    """RFC 4155: a message begins at "From " after a blank line; inside it such a line is written ">From "."""
    changed, index, begun, place = file.stat().st_mtime, 0, 0, 0
    message, blank, started = _Growing(), b"", False  # the blank line before the next message belongs to none

    def finished() -> Found:
        return message.found(_name(Path(file.name)), index, now, lambda: _moment(changed), weight=place - begun)

    with file.open("rb") as opened:
        at_start = True
        while line := opened.readline(_CHUNK):  # a line may be the whole file
            if at_start and line.startswith(_FROM) and (blank or not message):
                if started or message:
                    yield finished()
                    index, begun, message = index + 1, place, _Growing()
                started, blank = True, b""
            else:
                message.add(blank)
                is_blank = at_start and line in (b"\n", b"\r\n")
                blank = line if is_blank else b""
                if not is_blank:
                    message.add(line[1:] if at_start and _QUOTED_FROM.match(line) else line)
            at_start = line.endswith(b"\n")
            place += len(line)
    if started or message:
        yield finished()


# --- IMAP -------------------------------------------------------------------------------------------------------------


def _imap(url: SplitResult, now: datetime) -> Source:
    """`imap://user@host[:port]/FOLDER`: STARTTLS (port 993: TLS), `imaps`: TLS; unprotected on this machine only."""
    folder = unquote(url.path.strip("/")) or "INBOX"
    try:
        host, port, user = url.hostname or "", url.port, unquote(url.username or "")
    except ValueError:
        host, port, user = "", None, ""
    if not host or not user:
        raise InputError("bad_url", "geef een adres als imap://gebruiker@server/INBOX")
    if url.password:
        raise InputError("bad_url", f"een wachtwoord hoort niet in het adres: zet het in {PASSWORD}")
    if PASSWORD not in os.environ:
        raise ConfigError("zet het wachtwoord van het postvak in deze omgevingsvariabele", key=PASSWORD)
    tls = Tls.TLS if url.scheme == "imaps" or port == 993 else Tls.STARTTLS
    if tls is Tls.STARTTLS and is_loopback(host):
        tls = Tls.NONE
    settings = ImapSettings(
        organisation="", account=user, host=host, username=user, password=os.environ[PASSWORD], folder=folder,
        port=port or (993 if tls is Tls.TLS else 143), tls=tls, max_message_bytes=MAX_BYTES,
    )  # fmt: skip
    with session(settings, None) as client:
        total = examine(client, folder).messages or 0
    return Source(total, _imap_messages(settings, now))


def _imap_messages(settings: ImapSettings, now: datetime) -> Iterator[Found]:
    """Read by BODY.PEEK from a folder opened for reading: nothing in the mailbox changes."""
    index = 0
    with session(settings, None) as client:
        state: State = examine(client, settings.folder)
        for uids in imap_fetch.uids_after(client, 0, state):
            for batch in imap_fetch.batches(client, uids, settings):
                small = [one.uid for one in batch if one.size is not None and one.size <= settings.max_message_bytes]
                bodies = imap_fetch.fetch_many(client, small)
                for one in batch:
                    data = bodies.pop(one.uid, None)
                    if data is None or b"BODY[]" not in data:
                        data = imap_fetch.fetch_or_empty(client, one, settings)
                    if data is None:
                        continue  # gone meanwhile
                    message = _Growing()
                    message.add(data.get(b"BODY[]") or imap_fetch.placeholder(one.uid, state.uidvalidity))
                    stored: datetime | None = data.get(b"INTERNALDATE")
                    yield message.found(settings.folder, index, now, lambda stored=stored: stored, weight=1)  # type: ignore[misc]
                    index += 1


# --- when -------------------------------------------------------------------------------------------------------------


def received_at(raw: bytes, fallback: Callable[[], datetime | None], now: datetime) -> datetime:
    """The topmost `Received`, else `Date`, else the file's own time; a moment that can not be true does not count.

    Good enough to count mails per day. A legal term never hangs on it: that takes `intake/email/receipt`.
    """
    headers, _ = parse_headers(raw, 0, len(raw))
    hops = headers.raw_all("received")
    told = header_date(hops[0].rpartition(";")[2].strip()) if hops else None
    for moment in (told, header_date(headers.raw("date")), fallback()):
        if moment is not None and _OLDEST <= moment <= now + timedelta(days=1):
            return moment.astimezone(UTC)
    return now
