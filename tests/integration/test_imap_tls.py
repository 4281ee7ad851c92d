"""Protected lines to the mailbox: certificates made for the test, and no way down to a plain line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cases.errors import ConfigError
from intake.email.faults import Fault
from intake.email.settings import Auth, ImapSettings, Tls
from tests.support import dovecot
from tests.support.bad_imap import PASSWORD, USER, BadImap, bad_imap
from tests.support.certificates import Authority
from tests.support.dovecot import Dovecot, running_dovecot
from tests.support.imap_post import Post, settings, watch, watching
from tests.support.mails import mail
from tests.support.stripping import hiding_starttls

BOTH = pytest.mark.parametrize("tls", [Tls.TLS, Tls.STARTTLS])
WRONG = (
    ("127.0.0.2", 1, True, Fault.CERTIFICATE_NAME),
    ("127.0.0.1", 1, False, Fault.CERTIFICATE_ISSUER),
    ("127.0.0.1", -1, True, Fault.CERTIFICATE_DATE),
)


def configured(server: BadImap, tls: Tls, ca_file: str) -> ImapSettings:
    return settings(server.host, server.port, USER, PASSWORD, tls=tls, ca_file=ca_file)


@BOTH
async def test_mail_is_read_over_a_checked_line(tmp_path: Path, tls: Tls) -> None:
    authority = Authority(tmp_path)
    post = Post()
    with bad_imap(authority.certificate("127.0.0.1"), implicit=tls is Tls.TLS) as server:
        async with watching(configured(server, tls, authority.ca_file), post):
            server.inbox.add(mail("een"))
            await post.until(lambda: post.texts() == ["een"])


@BOTH
@pytest.mark.parametrize(("host", "days", "trusted", "fault"), WRONG)
async def test_a_certificate_that_does_not_fit(
    tmp_path: Path, tls: Tls, host: str, days: int, trusted: bool, fault: Fault
) -> None:
    authority = Authority(tmp_path)
    certificate = authority.certificate(host, ends=timedelta(days=days))
    with bad_imap(certificate, implicit=tls is Tls.TLS) as server:
        assert await _refusal(configured(server, tls, authority.ca_file if trusted else "")) == fault
        assert server.count("LOGIN") == 0  # no password left this machine


@BOTH
async def test_a_plain_server_gets_no_password(tls: Tls) -> None:
    with bad_imap() as server:
        first = await _refusal(configured(server, tls, ""))
        server.caps += " STARTTLS"  # offered, and refused when it is asked for
        second = await _refusal(configured(server, tls, ""))
        assert server.count("LOGIN") == server.count("AUTHENTICATE") == 0
    if tls is Tls.STARTTLS:
        assert first == second == Fault.NOT_PROTECTED


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


# --- against Dovecot --------------------------------------------------------------------------------------------------

NEEDED = pytest.mark.skipif(dovecot.MISSING, reason="needs Dovecot (apt-get install dovecot-imapd) and root")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def protected(authority: Authority) -> Iterator[Dovecot]:
    with running_dovecot(certificate=authority.certificate("127.0.0.1")) as running:
        running.tokens.add("goed")
        yield running


class _Token:
    def access_token(self, *, fresh: bool = False) -> str:
        return "goed"


def _to(server: Dovecot, tls: Tls, auth: Auth, ca_file: str, port: int = 0) -> ImapSettings:
    password = PASSWORD if auth is Auth.PASSWORD else ""
    port = port or (server.tls_port if tls is Tls.TLS else server.port)
    return settings(server.host, port, USER, password, tls=tls, auth=auth, ca_file=ca_file)


@NEEDED
@BOTH
@pytest.mark.parametrize("auth", list(Auth))
async def test_dovecot_is_read_over_a_checked_line(
    protected: Dovecot, authority: Authority, tls: Tls, auth: Auth
) -> None:
    post, mark = Post(), f"{tls} met {auth}"
    async with watching(_to(protected, tls, auth, authority.ca_file), post, tokens=_Token()):
        protected.append(mail(mark).replace(b"\n", b"\r\n"))
        await post.until(lambda: mark in post.texts())


@NEEDED
@BOTH
async def test_dovecot_with_an_unknown_authority_is_not_logged_in_to(
    protected: Dovecot, tmp_path: Path, tls: Tls
) -> None:
    other = Authority(tmp_path, "Een ander").ca_file
    assert await _refusal(_to(protected, tls, Auth.PASSWORD, other)) == Fault.CERTIFICATE_ISSUER


@NEEDED
async def test_hiding_starttls_gets_nobody_a_password(protected: Dovecot, authority: Authority) -> None:
    async with hiding_starttls(protected.host, protected.port) as middle:
        reason = await _refusal(_to(protected, Tls.STARTTLS, Auth.PASSWORD, authority.ca_file, middle.port))
    assert reason == Fault.NOT_PROTECTED
    assert middle.hidden
    assert b"LOGIN" not in middle.heard and PASSWORD.encode() not in middle.heard
