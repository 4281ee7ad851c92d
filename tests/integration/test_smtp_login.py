"""Logging in by XOAUTH2: real tokens from a token server, given to a real SMTP server."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from cases.errors import ConfigError, Temporary
from intake.email.oauth import AccessTokens, SignInAgain
from intake.email.sender import SmtpSender
from intake.email.settings import Auth, OauthSettings, SmtpSettings, Tls
from tests.contract.test_sender import MAIL
from tests.integration.test_oauth import Store
from tests.support.smtp_sink import Sink, smtp_sink
from tests.support.token_server import TokenServer, token_server


def _now() -> datetime:
    return datetime(2026, 11, 2, 13, 3, tzinfo=UTC)


def sender_to(sink: Sink, server: TokenServer) -> SmtpSender:
    settings = SmtpSettings(
        host="127.0.0.1", port=sink.port, from_address="info@whatnext.example", username="info@whatnext.example",
        tls=Tls.NONE, auth=Auth.XOAUTH2, timeout_seconds=5, max_messages=1,
    )  # fmt: skip
    oauth = OauthSettings("eigen", "client-1", token_url=server.token_url, timeout_seconds=5)
    return SmtpSender(settings, instance="loket", tokens=AccessTokens(oauth, Store(), _now))


async def test_a_token_lets_us_in() -> None:
    with token_server() as server:
        async with smtp_sink() as sink:
            sink.tokens = {"access-1"}
            sender = sender_to(sink, server)
            await sender.send(MAIL)
            await sender.send(MAIL)
            await sender.close()
    assert sink.logins == [("info@whatnext.example", True)] * 2
    assert len(sink.taken) == 2
    assert server.refreshes() == 1


async def test_a_refused_token_is_renewed_once(caplog: pytest.LogCaptureFixture) -> None:
    with token_server() as server, caplog.at_level(logging.INFO):
        async with smtp_sink() as sink:
            sink.tokens = {"access-2"}
            sender = sender_to(sink, server)
            await sender.send(MAIL)
            assert [worked for _, worked in sink.logins] == [False, True]
            sink.tokens = set()
            with pytest.raises(Temporary) as error:
                await sender.send(MAIL)
            await sender.close()
    assert len(sink.taken) == 1
    assert "535" in str(error.value)
    assert "access-" not in str(error.value) + caplog.text
    assert server.refreshes() == 3


async def test_a_letter_waits_when_a_person_has_to_sign_in() -> None:
    with token_server() as server:
        server.valid_refresh.clear()
        async with smtp_sink() as sink:
            sender = sender_to(sink, server)
            with pytest.raises(SignInAgain) as error:
                await sender.send(MAIL)
            await sender.close()
    assert isinstance(error.value, Temporary)
    assert sink.connections == 0


async def test_a_token_goes_over_no_open_line() -> None:
    with pytest.raises(ConfigError):
        SmtpSettings(
            host="mail.voorbeeld.example", from_address="a@b.example", username="a@b.example", tls=Tls.NONE,
            auth=Auth.XOAUTH2,
        )  # fmt: skip
    with pytest.raises(ConfigError):
        SmtpSettings(host="mail.voorbeeld.example", from_address="a@b.example", auth=Auth.XOAUTH2)
    known = SmtpSettings(
        host="mail.voorbeeld.example", from_address="a@b.example", username="a@b.example", auth=Auth.XOAUTH2
    )
    with pytest.raises(ConfigError):
        SmtpSender(known, instance="loket")
