"""Protected lines to the mailbox: certificates made for the test, and no way down to a plain line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cases.errors import ConfigError
from intake.email.settings import ImapSettings, Tls
from tests.integration.test_smtp_tls import make_certificate
from tests.support.bad_imap import PASSWORD, USER, BadImap, bad_imap
from tests.support.imap_post import Post, settings, watch, watching
from tests.support.mails import mail

BAD_CERTIFICATE = "the certificate of the server does not fit"


def configured(server: BadImap, tls: Tls, ca_file: str) -> ImapSettings:
    return settings(server.host, server.port, USER, PASSWORD, tls=tls, ca_file=ca_file)


@pytest.mark.parametrize("tls", [Tls.TLS, Tls.STARTTLS])
async def test_mail_is_read_over_a_checked_line(tmp_path: Path, tls: Tls) -> None:
    certificate = make_certificate(tmp_path, "127.0.0.1")
    post = Post()
    with bad_imap(certificate, implicit=tls is Tls.TLS) as server:
        async with watching(configured(server, tls, certificate[0]), post):
            server.inbox.add(mail("een"))
            await post.until(lambda: post.texts() == ["een"])


@pytest.mark.parametrize("tls", [Tls.TLS, Tls.STARTTLS])
@pytest.mark.parametrize(("certified", "trusted"), [("127.0.0.1", False), ("127.0.0.2", True)])
async def test_a_certificate_that_does_not_fit(tmp_path: Path, tls: Tls, certified: str, trusted: bool) -> None:
    certificate = make_certificate(tmp_path, certified)
    with bad_imap(certificate, implicit=tls is Tls.TLS) as server:
        assert await _refusal(configured(server, tls, certificate[0] if trusted else "")) == BAD_CERTIFICATE
        assert server.count("LOGIN") == 0  # no password left this machine


@pytest.mark.parametrize("tls", [Tls.TLS, Tls.STARTTLS])
async def test_a_plain_server_gets_no_password(tls: Tls) -> None:
    with bad_imap() as server:
        assert await _refusal(configured(server, tls, ""))
        server.caps += " STARTTLS"  # offered, and refused when it is asked for
        assert await _refusal(configured(server, tls, ""))
        assert server.count("LOGIN") == server.count("AUTHENTICATE") == 0


def test_a_plain_line_only_to_this_machine() -> None:
    with pytest.raises(ConfigError):
        settings("mail.whatnext.example", 143, USER, PASSWORD)


async def _refusal(configured: ImapSettings) -> str:
    post = Post()
    watcher = watch(configured, post)
    await watcher.start()
    await post.until(lambda: bool(post.health))
    await watcher.stop()
    assert post.place is None
    ok, reason = post.health[0]
    assert not ok
    return reason
