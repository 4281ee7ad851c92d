"""Tokens from a real token server on loopback: signing in, renewing, rotating, and everything that goes wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from cases.errors import ConfigError, LoketError, Permanent, Temporary
from intake.email.faults import Fault
from intake.email.oauth import (
    AccessTokens,
    ClientRefused,
    SignInAgain,
    Tokens,
    check_settings,
    expires_soon,
    sign_in,
)
from intake.email.settings import OauthSettings
from net.http import checked_url, post_form, post_form_async
from tests.support.clock import SetClock
from tests.support.ports import free_port
from tests.support.token_server import USER_CODE, TokenServer, token_server

SECRETS = ("access-", "refresh-", "device-secret", "auth-secret", "client-secret", "secret-of-the-server")


@dataclass(slots=True)
class Store:
    token: str = "refresh-0"
    expires_at: datetime | None = None
    broken: bool = False
    saved: list[str] = field(default_factory=list)

    def load(self) -> str:
        return self.token

    def save(self, refresh_token: str, expires_at: datetime | None) -> None:
        if self.broken:
            raise Temporary("the database is locked")
        self.token, self.expires_at = refresh_token, expires_at
        self.saved.append(refresh_token)


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with token_server() as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield
    assert [secret for secret in SECRETS if secret in caplog.text] == []


def settings_for(server: TokenServer) -> OauthSettings:
    return OauthSettings(
        "eigen", "client-1", "client-secret", server.device_url, server.token_url, "mail offline", timeout_seconds=5
    )


def no_secret_in(error: BaseException) -> None:
    assert [secret for secret in SECRETS if secret in f"{error} {error!r} {error.__cause__!r}"] == []


# Renewing


def test_a_token_is_asked_once_and_renewed_before_it_ends(server: TokenServer, clock: SetClock) -> None:
    store = Store()
    tokens = AccessTokens(settings_for(server), store, clock.now)
    assert [tokens.access_token() for _ in range(5)] == ["access-1"] * 5
    clock.advance(timedelta(minutes=54))
    assert tokens.access_token() == "access-1"
    clock.advance(timedelta(minutes=2))
    assert tokens.access_token() == "access-2"
    assert store.saved == ["refresh-1", "refresh-2"]
    assert server.requests[0][1] == {
        "grant_type": "refresh_token", "refresh_token": "refresh-0", "client_id": "client-1",
        "client_secret": "client-secret", "scope": "mail offline",
    }  # fmt: skip


def test_a_server_that_keeps_its_refresh_token(server: TokenServer, clock: SetClock) -> None:
    server.rotating = False
    store = Store()
    tokens = AccessTokens(settings_for(server), store, clock.now)
    assert [tokens.access_token(), tokens.access_token(fresh=True)] == ["access-1", "access-2"]
    assert store.saved == []


def test_threads_share_one_renewal(server: TokenServer, clock: SetClock) -> None:
    tokens = AccessTokens(settings_for(server), Store(), clock.now)
    with ThreadPoolExecutor(8) as threads:
        got = list(threads.map(lambda _: tokens.access_token(), range(40)))
    assert set(got) == {"access-1"}
    assert server.refreshes() == 1


def test_another_process_renewed_meanwhile(server: TokenServer, clock: SetClock) -> None:
    """Two processes, one row: the one that comes second reads again before it asks for people."""
    store = Store()
    first, second = (AccessTokens(settings_for(server), store, clock.now) for _ in range(2))
    stale = Store()

    class Racing(Store):
        reads = 0

        def load(self) -> str:
            self.reads += 1
            return stale.token if self.reads == 1 else store.token

    first.access_token()
    late = AccessTokens(settings_for(server), Racing(), clock.now)
    assert late.access_token() == "access-2"
    with pytest.raises(SignInAgain):
        second.access_token()  # reads refresh-1, which `late` has ended in a store of its own


def test_a_new_refresh_token_outlives_a_store_that_is_away(server: TokenServer, clock: SetClock) -> None:
    store = Store(broken=True)
    tokens = AccessTokens(settings_for(server), store, clock.now)
    assert tokens.access_token() == "access-1"
    assert tokens.access_token(fresh=True) == "access-2"  # with the one it could not store
    store.broken = False
    assert tokens.access_token() == "access-2"
    assert store.saved == ["refresh-2"]


@pytest.mark.parametrize("error", ["invalid_grant", "interaction_required", "consent_required"])
def test_when_the_grant_ended_a_person_is_called(server: TokenServer, clock: SetClock, error: str) -> None:
    server.script.append(error)
    with pytest.raises(SignInAgain) as caught:
        AccessTokens(settings_for(server), Store(), clock.now).access_token()
    assert str(caught.value) == Fault.SIGN_IN_AGAIN
    no_secret_in(caught.value)


def test_revoked_or_never_signed_in(server: TokenServer, clock: SetClock) -> None:
    server.valid_refresh.clear()
    for store in (Store(), Store(token="")):
        with pytest.raises(SignInAgain):
            AccessTokens(settings_for(server), store, clock.now).access_token()
    assert len(server.requests) == 1


def test_an_application_that_is_refused(server: TokenServer, clock: SetClock) -> None:
    server.script.append("invalid_client")
    with pytest.raises(ClientRefused) as caught:
        AccessTokens(settings_for(server), Store(), clock.now).access_token()
    no_secret_in(caught.value)


@pytest.mark.parametrize("trouble", ["500", "garbage", "long", "hang up", "temporarily_unavailable"])
def test_trouble_is_temporary_and_the_old_token_is_used_while_it_lasts(
    server: TokenServer, clock: SetClock, trouble: str
) -> None:
    server.script.extend([trouble, "ok", trouble, trouble])
    tokens = AccessTokens(settings_for(server), Store(), clock.now)
    with pytest.raises(Temporary) as caught:
        tokens.access_token()
    assert type(caught.value) is Temporary
    no_secret_in(caught.value)
    assert tokens.access_token() == "access-1"
    clock.advance(timedelta(minutes=57))
    assert tokens.access_token() == "access-1"
    with pytest.raises(Temporary):
        tokens.access_token(fresh=True)


def test_no_server_is_temporary(clock: SetClock) -> None:
    nowhere = TokenServer(url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Temporary):
        AccessTokens(settings_for(nowhere), Store(), clock.now).access_token()


@pytest.mark.parametrize("life", ["3600", 3600.5, None, -1, "veel", 10**30, [1]])
def test_odd_lifetimes(server: TokenServer, clock: SetClock, life: object) -> None:
    server.expires_in = life
    assert AccessTokens(settings_for(server), Store(), clock.now).access_token() == "access-1"


def test_values_do_not_show_their_secrets(server: TokenServer, clock: SetClock) -> None:
    no_secret_in(ValueError(repr(Tokens("access-1", "refresh-1", clock.now(), None))))
    no_secret_in(ValueError(repr(settings_for(server))))


# An alarm before it ends


def test_what_ends_soon(server: TokenServer, clock: SetClock) -> None:
    server.refresh_expires_in = 7 * 86_400
    store = Store()
    AccessTokens(settings_for(server), store, clock.now).access_token()
    assert store.expires_at == clock.now() + timedelta(days=7)
    settings = settings_for(server)
    assert expires_soon(settings, store.expires_at, clock.now()) == store.expires_at
    assert expires_soon(settings, store.expires_at, clock.now(), timedelta(days=3)) is None
    assert expires_soon(settings, None, clock.now()) is None
    secret = OauthSettings("microsoft", "c", secret_ends=date(2026, 11, 30))
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert expires_soon(secret, None, now) == datetime(2026, 11, 30, tzinfo=UTC)
    assert expires_soon(secret, now + timedelta(days=1), now) == now + timedelta(days=1)


# Signing in


async def test_signing_in_waits_for_the_person(server: TokenServer, clock: SetClock) -> None:
    server.script.extend(["ok", "authorization_pending", "slow_down", "authorization_pending", "500", "ok"])
    shown: list[tuple[str, str]] = []
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.advance(timedelta(seconds=seconds))

    tokens = await sign_in(settings_for(server), lambda url, code: shown.append((url, code)), clock.now, sleep=sleep)
    assert shown == [("https://aan.example/code", USER_CODE)]
    assert waits == [2.0, 2.0, 7.0, 7.0, 7.0]
    assert (tokens.access_token, tokens.refresh_token) == ("access-1", "refresh-1")
    assert server.requests[-1][1]["grant_type"] == "urn:ietf:params:oauth:grant-type:device_code"


@pytest.mark.parametrize(
    ("script", "kind", "reason"),
    [
        (["invalid_client"], Permanent, Fault.CLIENT_REFUSED),
        (["invalid_scope"], Permanent, Fault.SCOPE_REFUSED),
        (["500"], Temporary, Fault.PROVIDER_AWAY),
        (["garbage"], Permanent, Fault.PROVIDER_REFUSED),
        (["ok", "access_denied"], Permanent, Fault.DENIED),
        (["ok", "expired_token"], Temporary, Fault.TOO_LATE),
        (["ok", *["authorization_pending"] * 1000], Temporary, Fault.TOO_LATE),
        (["ok", "garbage"], Temporary, Fault.NO_TOKEN),
    ],
)
async def test_signing_in_that_fails(
    server: TokenServer, clock: SetClock, script: list[str], kind: type[LoketError], reason: str
) -> None:
    server.script.extend(script)

    async def sleep(seconds: float) -> None:
        clock.advance(timedelta(seconds=seconds))

    with pytest.raises(kind) as caught:
        await sign_in(settings_for(server), lambda *_: None, clock.now, sleep=sleep)
    assert str(caught.value).startswith(reason)
    no_secret_in(caught.value)


async def test_a_broken_line_makes_it_ask_less_often(server: TokenServer, clock: SetClock) -> None:
    server.script.extend(["ok", "hang up", "hang up", "ok"])
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.advance(timedelta(seconds=seconds))

    await sign_in(settings_for(server), lambda *_: None, clock.now, sleep=sleep)
    assert waits == [2.0, 4.0, 8.0]


# Signing in by a browser


# Providers and lines


def test_providers() -> None:
    check_settings(OauthSettings("microsoft", "client", tenant="voorbeeld.example"))
    check_settings(OauthSettings("google", "client", "secret"))
    for settings in (
        OauthSettings("eigen", "client"),
        OauthSettings("eigen", "client", token_url="http://tokens.example/token"),
        OauthSettings("eigen", "client", token_url="geen adres"),
        OauthSettings("eigen", "client", token_url="file:///etc/passwd"),
    ):
        with pytest.raises(ConfigError):
            check_settings(settings)


async def test_no_redirect_is_followed_and_lines_are_protected(server: TokenServer) -> None:
    assert checked_url(server.token_url, "x") == server.token_url
    assert post_form(server.url + "/token", {"grant_type": "x"}, seconds=5).status == 200
    server.script.append("long")
    with pytest.raises(Temporary):
        await post_form_async(server.url + "/token", {}, seconds=5)
    with pytest.raises(Temporary):
        await asyncio.to_thread(post_form, "https://127.0.0.1:1/", {}, seconds=1)
