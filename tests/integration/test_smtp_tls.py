"""Protected lines: the sender and our own door, with real certificates made for the test, and no way down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cases.errors import Temporary
from cases.messages import RawInbound
from intake.email.faults import Fault
from intake.email.oauth import AccessTokens
from intake.email.sender import SmtpSender
from intake.email.settings import Auth, OauthSettings, SmtpDoorSettings, SmtpSettings, Tls
from intake.email.smtpd import Recipients, open_door
from tests.contract.test_sender import MAIL
from tests.integration.test_imap_tls import BOTH, WRONG
from tests.integration.test_oauth import Store
from tests.support.certificates import Authority, Certificate
from tests.support.smtp_sink import smtp_sink
from tests.support.stripping import hiding_starttls
from tests.support.token_server import token_server


class _Row:
    inbound_id = "1"
    duplicate = False


def _now() -> datetime:
    return datetime.now(UTC)


def sender_to(port: int, tls: Tls, ca_file: str, **changed: Any) -> SmtpSender:
    tokens = changed.pop("tokens", None)
    settings = SmtpSettings(
        host="127.0.0.1", port=port, from_address="info@whatnext.example", tls=tls, ca_file=ca_file,
        timeout_seconds=10, **changed,
    )  # fmt: skip
    return SmtpSender(settings, instance="loket", tokens=tokens)


def offered(certificate: Certificate, tls: Tls) -> dict[str, Any]:
    """How a server offers it: from the first byte, or by STARTTLS and nothing before it."""
    context = certificate.for_server()
    if tls is Tls.TLS:
        return {"tls": context}
    return {"tls_context": context, "require_starttls": True, "auth_require_tls": True}


async def test_mail_goes_over_a_checked_line_to_our_own_door(tmp_path: Path) -> None:
    taken: list[RawInbound] = []

    async def accept(message: RawInbound) -> _Row:
        taken.append(message)
        return _Row()

    authority = Authority(tmp_path)
    certificate = authority.certificate("127.0.0.1")
    door = await open_door(
        SmtpDoorSettings(port=0, certificate=certificate.chain, key=certificate.key),
        Recipients({"info@whatnext.example": "whatnext", MAIL.recipient: "nexxt"}),
        accept,
        _now,
    )
    sender = sender_to(door.port, Tls.STARTTLS, authority.ca_file)
    await sender.send(MAIL)
    await sender.send(MAIL)
    assert len(taken) == 2
    await sender.close()
    await door.stop()


@BOTH
@pytest.mark.parametrize(("host", "days", "trusted", "fault"), WRONG)
async def test_a_certificate_that_does_not_fit(
    tmp_path: Path, tls: Tls, host: str, days: int, trusted: bool, fault: Fault
) -> None:
    authority = Authority(tmp_path)
    certificate = authority.certificate(host, ends=timedelta(days=days))
    async with smtp_sink(**offered(certificate, tls)) as sink:
        sender = sender_to(sink.port, tls, authority.ca_file if trusted else "")
        with pytest.raises(Temporary) as refused:
            await sender.send(MAIL)
        await sender.close()
    assert str(refused.value) == fault
    assert sink.seen == []


@BOTH
async def test_a_token_goes_over_a_checked_line(tmp_path: Path, tls: Tls) -> None:
    authority = Authority(tmp_path)
    with token_server() as server:
        oauth = OauthSettings("eigen", "client-1", token_url=server.token_url, timeout_seconds=5)
        async with smtp_sink(**offered(authority.certificate("127.0.0.1"), tls)) as sink:
            sink.tokens = {"access-2"}  # the first is refused, and renewed once
            sender = sender_to(
                sink.port, tls, authority.ca_file, auth=Auth.XOAUTH2, username="info@whatnext.example",
                tokens=AccessTokens(oauth, Store(), _now),
            )  # fmt: skip
            await sender.send(MAIL)
            await sender.close()
    assert [worked for _, worked in sink.logins] == [False, True]
    assert len(sink.taken) == 1


@pytest.mark.parametrize("auth", list(Auth))
async def test_hiding_starttls_gets_nobody_a_password_or_a_letter(tmp_path: Path, auth: Auth) -> None:
    authority = Authority(tmp_path)
    with token_server() as server:
        oauth = OauthSettings("eigen", "client-1", token_url=server.token_url, timeout_seconds=5)
        context = authority.certificate("127.0.0.1").for_server()
        async with smtp_sink(tls_context=context) as sink, hiding_starttls(sink.host, sink.port) as middle:
            sender = sender_to(
                middle.port, Tls.STARTTLS, authority.ca_file, auth=auth, username="info@whatnext.example",
                password="geheim", tokens=AccessTokens(oauth, Store(), _now),
            )  # fmt: skip
            with pytest.raises(Temporary) as refused:
                await sender.send(MAIL)
            await sender.close()
    assert str(refused.value) == Fault.NOT_PROTECTED
    assert middle.hidden
    assert not any(word in middle.heard for word in (b"AUTH", b"MAIL", MAIL.recipient.encode()))
    assert (sink.logins, sink.seen) == ([], [])
