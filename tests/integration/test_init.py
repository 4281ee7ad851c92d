"""`privacyloket init` against real servers: what works is said, what does not is named, and a sign-in is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import init
from bot.config import load
from bot.init import run_init
from intake.email.faults import Fault
from tests.support import dovecot
from tests.support.certificates import Authority
from tests.support.dovecot import PASSWORD, USER, Dovecot, running_dovecot
from tests.support.smtp_sink import Sink, smtp_sink
from tests.support.token_server import USER_CODE, token_server

pytestmark = pytest.mark.skipif(dovecot.MISSING, reason="needs Dovecot (apt-get install dovecot-imapd) and root")

CONFIG = """\
[[organisation]]
key = "whatnext"
mailbox = "info@whatnext.example"
{more}
[organisation.imap]
host = "127.0.0.1"
port = {imap_port}
username = "loket"
tls = "tls"
ca_file = "{ca_file}"
{login}
[organisation.smtp]
host = "127.0.0.1"
port = {smtp_port}
ca_file = "{ca_file}"
"""
OAUTH = """
[organisation.oauth]
provider = "eigen"
client_id = "client-1"
device_url = "{server.device_url}"
token_url = "{server.token_url}"
"""


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTVAK", PASSWORD)
    monkeypatch.setattr(init, "ARRIVES_IN", 2)
    monkeypatch.setattr(init, "_LOOKS", 0.2)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[Dovecot]:
    with running_dovecot(certificate=authority.certificate("127.0.0.1")) as running:
        yield running


def written(
    folder: Path, server: Dovecot, sink: Sink, ca_file: str, *, login: str = 'password_env = "POSTVAK"', more: str = ""
) -> Path:
    file = folder / "loket.toml"
    file.write_text(
        CONFIG.format(
            imap_port=server.tls_port, smtp_port=sink.port, ca_file=ca_file, login=login, more=more
        )
    )  # fmt: skip
    return file


async def test_everything_works(
    tmp_path: Path, authority: Authority, server: Dovecot, capsys: pytest.CaptureFixture[str]
) -> None:
    async with smtp_sink(tls_context=authority.certificate("127.0.0.1").for_server()) as sink:
        sink.deliver = server.append
        file = written(tmp_path, server, sink, authority.ca_file)
        assert await run_init(load(file), "", probe=True) == 0
    told = capsys.readouterr().out
    for line in (
        "postvak: aangemeld, INBOX wordt gelezen", "Verzonden: wordt meegelezen", "Ongewenst: wordt meegelezen",
        "trefwoord 'Privacyloket': kan", "versturen: de server nam de proef aan", "plus-adres: de proef kwam aan",
        "Klaar.", "privacyloket golive",
    ):  # fmt: skip
        assert line in told
    (probe,) = sink.taken
    assert probe.recipients[0].startswith("info+")


async def test_plus_addresses_that_do_not_arrive(
    tmp_path: Path, authority: Authority, server: Dovecot, capsys: pytest.CaptureFixture[str]
) -> None:
    async with smtp_sink(tls_context=authority.certificate("127.0.0.1").for_server()) as sink:
        file = written(tmp_path, server, sink, authority.ca_file)
        assert await run_init(load(file), "", probe=True) == 1
    told = capsys.readouterr().out
    assert "plus-adres: de proef kwam niet aan" in told and "plus_addresses = false" in told


async def test_a_wrong_certificate_is_named_for_both_servers(
    tmp_path: Path, authority: Authority, server: Dovecot, capsys: pytest.CaptureFixture[str]
) -> None:
    async with smtp_sink(tls_context=authority.certificate("127.0.0.1").for_server()) as sink:
        file = written(tmp_path, server, sink, Authority(tmp_path, "Een ander").ca_file)
        assert await run_init(load(file), "", probe=True) == 1
    told = capsys.readouterr().out
    assert f"postvak lezen (IMAP): LUKT NIET: {Fault.CERTIFICATE_ISSUER}" in told
    assert f"versturen (SMTP): LUKT NIET: {Fault.CERTIFICATE_ISSUER}" in told
    assert "2 punten vragen aandacht" in told
    assert sink.seen == []


async def test_a_wrong_password_is_named(
    tmp_path: Path, authority: Authority, server: Dovecot, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("POSTVAK", "verkeerd")
    async with smtp_sink() as sink:
        file = written(tmp_path, server, sink, authority.ca_file)
        assert await run_init(load(file), "", probe=False) == 1
    told = capsys.readouterr().out
    assert f"postvak lezen (IMAP): LUKT NIET: {Fault.LOGIN}" in told
    assert "verkeerd" not in told and USER not in told.replace("privacyloket", "").replace("Privacyloket", "")


async def test_a_sign_in_is_kept_and_used_from_then_on(
    tmp_path: Path, authority: Authority, server: Dovecot, capsys: pytest.CaptureFixture[str]
) -> None:
    with token_server() as provider:
        provider.script.extend(["ok", "authorization_pending"])
        async with smtp_sink() as sink:
            more = OAUTH.format(server=provider)
            file = written(tmp_path, server, sink, authority.ca_file, login='auth = "xoauth2"', more=more)
            server.tokens.update({f"access-{number}" for number in range(1, 9)})
            assert await run_init(load(file), "", probe=False) == 0
            told = capsys.readouterr().out
            assert f"typ de code {USER_CODE}" in told and "Meld aan als info@whatnext.example" in told
            assert "aangemeld bij de provider" in told and "postvak: aangemeld" in told
            assert await run_init(load(file), "", probe=False) == 0
            told = capsys.readouterr().out
            assert USER_CODE not in told and "postvak: aangemeld" in told
    assert b"refresh-" not in _stored(tmp_path), "sealed"


def _stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_a_sign_in_that_is_refused_is_named(
    tmp_path: Path, authority: Authority, server: Dovecot, capsys: pytest.CaptureFixture[str]
) -> None:
    server.tokens.clear()
    with token_server() as provider:
        provider.script.extend(["ok", "access_denied"])
        async with smtp_sink() as sink:
            more = OAUTH.format(server=provider)
            file = written(tmp_path, server, sink, authority.ca_file, login='auth = "xoauth2"', more=more)
            assert await run_init(load(file), "", probe=False) == 1
    assert f"aanmelden: LUKT NIET: {Fault.DENIED}" in capsys.readouterr().out
