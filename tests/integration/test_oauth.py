"""Tokens from a real token server on loopback: signing in, renewing, rotating, and everything that goes wrong."""

from __future__ import annotations

import asyncio
import logging
import socket
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from cases.errors import ConfigError, LoketError, Permanent, Temporary
from intake.email.oauth import (
    AccessTokens,
    ClientRefused,
    SignInAgain,
    Tokens,
    challenge,
    check_settings,
    expires_soon,
    sign_in,
    sign_in_by_browser,
    way,
)
from intake.email.settings import OauthSettings
from net.http import MAX_HEAD, checked_url, post_form, post_form_async
from tests.support.clock import SetClock
from tests.support.mailbox import free_port
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
    assert str(caught.value) == "oauth_sign_in_again"
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
        (["invalid_client"], Permanent, "oauth_client_refused"),
        (["invalid_scope"], Permanent, "oauth_scope_refused"),
        (["500"], Temporary, "oauth_no_answer"),
        (["garbage"], Permanent, "oauth_refused"),
        (["ok", "access_denied"], Permanent, "oauth_denied"),
        (["ok", "expired_token"], Temporary, "oauth_too_late"),
        (["ok", *["authorization_pending"] * 1000], Temporary, "oauth_too_late"),
        (["ok", "garbage"], Temporary, "oauth_no_token"),
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

Given = dict[str, str]


def browser_settings(server: TokenServer) -> OauthSettings:
    return replace(settings_for(server), device_url="", authorize_url=server.authorize_url)


def opened(url: str) -> tuple[int, str]:
    """What a person sees who opens this; redirects are followed, as browsers do."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def sent_back_to(server: TokenServer, url: str) -> str:
    """The address a browser on another machine ends on: nothing listens there."""
    return server.authorize(dict(parse_qsl(urlsplit(url).query)))


@dataclass(slots=True)
class Browser:
    """A person who opens what is shown, in a thread of their own. `before` happens first."""

    before: Callable[[str], None] = lambda _: None
    url: str = ""
    seen: Future[tuple[int, str]] | None = None
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def show(self, url: str) -> None:
        self.url = url
        self.seen = self.thread.submit(self._go)

    def _go(self) -> tuple[int, str]:
        self.before(self.asked["redirect_uri"])
        return opened(self.url)

    @property
    def asked(self) -> Given:
        return dict(parse_qsl(urlsplit(self.url).query))

    async def page(self) -> tuple[int, str]:
        assert self.seen is not None
        return await asyncio.wrap_future(self.seen)


@pytest.fixture
def browser() -> Iterator[Browser]:
    person = Browser()
    yield person
    person.thread.shutdown()


def answers(*texts: str) -> Callable[[], Awaitable[str]]:
    """A terminal where these are typed, and nothing after them."""
    waiting = list(texts)

    async def paste() -> str:
        return waiting.pop(0) if waiting else await asyncio.Event().wait() and ""

    return paste


async def test_a_browser_on_this_machine(server: TokenServer, clock: SetClock, browser: Browser) -> None:
    settings = browser_settings(server)
    tokens = await sign_in_by_browser(settings, browser.show, clock.now)
    assert (tokens.access_token, tokens.refresh_token) == ("access-1", "refresh-1")
    assert tokens.expires_at == clock.now() + timedelta(hours=1)
    status, page = await browser.page()
    assert status == 200
    assert "U kunt dit tabblad sluiten" in page
    assert "auth-secret" not in page
    asked, ((_, fields),) = browser.asked, server.requests
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", "client-1", "mail offline")
    assert "client_secret" not in asked
    verifier = fields.pop("code_verifier")
    assert 43 <= len(verifier) <= 128
    assert verifier not in browser.url
    assert challenge(verifier) == asked["code_challenge"]
    assert fields == {
        "grant_type": "authorization_code", "code": "auth-secret/1", "redirect_uri": asked["redirect_uri"],
        "client_id": "client-1", "client_secret": "client-secret",
    }  # fmt: skip
    with pytest.raises(URLError):  # nobody listens any more
        await asyncio.to_thread(opened, asked["redirect_uri"])


async def test_every_sign_in_has_secrets_of_its_own(server: TokenServer, clock: SetClock, browser: Browser) -> None:
    asked = []
    for _ in range(2):
        await sign_in_by_browser(browser_settings(server), browser.show, clock.now)
        await browser.page()
        asked.append((browser.asked["state"], browser.asked["code_challenge"]))
    assert len(set(sum(asked, ()))) == 4


async def test_what_else_knocks_ends_nothing(server: TokenServer, clock: SetClock, browser: Browser) -> None:
    """Icons, other programs on this machine, guessed states, lines that say nothing: only our own answer counts."""
    seen: list[int] = []
    idle: list[socket.socket] = []

    def knock(address: str) -> None:
        state = browser.asked["state"]
        foreign: list[Given | list[tuple[str, str]]] = [
            {"code": "auth-secret/0"},
            {"code": "auth-secret/0", "state": state[:-1]},
            {"code": "auth-secret/0", "state": "é"},
            {"code": "auth-secret/0", "error": "access_denied", "state": state},
            {"state": state},
            [("code", "auth-secret/0"), ("code", "auth-secret/1"), ("state", state)],
            [(f"n{number}", "1") for number in range(60)],
        ]
        seen.extend(opened(f"{address}?{urlencode(query)}")[0] for query in foreign)
        good = urlencode({"code": "auth-secret/0", "state": state})
        seen.extend(opened(f"{address}{path}")[0] for path in ("", "favicon.ico", f"elders?{good}"))
        host, port = "127.0.0.1", urlsplit(address).port
        for raw in (f"POST /?{good} HTTP/1.1\r\n\r\n", "geen http\r\n\r\n", "GET /?\u00e9 HTTP/1.1\r\n\r\n"):
            with socket.create_connection((host, port), 10) as line:
                line.sendall(raw.encode())
                seen.append(int(line.recv(1000).split()[1]))
        for raw in ("", "GET /?half", f"GET /?{'x' * MAX_HEAD}"):
            idle.append(socket.create_connection((host, port), 10))
            idle[-1].sendall(raw.encode())

    browser.before = knock
    tokens = await sign_in_by_browser(browser_settings(server), browser.show, clock.now)
    assert tokens.refresh_token == "refresh-1"
    assert seen == [400] * 7 + [404] * 6
    assert [fields["code"] for _, fields in server.requests] == ["auth-secret/1"]
    for line in idle:
        line.close()


@pytest.mark.parametrize(
    ("person", "kind", "reason"),
    [
        ("access_denied", Permanent, "oauth_denied"),
        ("invalid_scope", Permanent, "oauth_scope_refused"),
        ("unauthorized_client", Permanent, "oauth_client_refused"),
        ("temporarily_unavailable", Temporary, "oauth_no_answer"),
        ("server_error", Temporary, "oauth_no_answer"),
        ("iets anders", Permanent, "oauth_refused"),
    ],
)
async def test_a_person_or_provider_that_refuses(
    server: TokenServer, clock: SetClock, browser: Browser, person: str, kind: type[LoketError], reason: str
) -> None:
    server.person = person
    with pytest.raises(kind) as caught:
        await sign_in_by_browser(browser_settings(server), browser.show, clock.now)
    assert str(caught.value).startswith(reason)
    no_secret_in(caught.value)
    status, page = await browser.page()
    assert (status, "Er is niet aangemeld" in page) == (200, True)
    assert server.requests == []


@pytest.mark.parametrize(
    ("script", "kind", "reason"),
    [
        ("invalid_client", Permanent, "oauth_client_refused"),
        ("invalid_grant", Permanent, "oauth_refused"),
        ("500", Temporary, "oauth_no_answer"),
        ("garbage", Temporary, "oauth_no_token"),
        ("hang up", Temporary, "no answer"),
    ],
)
async def test_a_code_that_buys_nothing(
    server: TokenServer, clock: SetClock, browser: Browser, script: str, kind: type[LoketError], reason: str
) -> None:
    server.script.append(script)
    with pytest.raises(kind) as caught:
        await sign_in_by_browser(browser_settings(server), browser.show, clock.now)
    assert str(caught.value).startswith(reason)
    no_secret_in(caught.value)


async def test_a_sign_in_that_would_not_last(server: TokenServer, clock: SetClock, browser: Browser) -> None:
    server.gives_refresh = False
    with pytest.raises(Permanent, match=r"^oauth_no_refresh_token$"):
        await sign_in_by_browser(browser_settings(server), browser.show, clock.now)


async def test_a_code_from_elsewhere_does_not_fit(server: TokenServer, clock: SetClock) -> None:
    """A code that was asked with another verifier, even with our state: PKCE stops it at the provider."""
    shown: list[str] = []

    async def paste() -> str:
        stolen = dict(parse_qsl(urlsplit(shown[0]).query)) | {"code_challenge": challenge("x" * 43)}
        return server.authorize(stolen)

    with pytest.raises(Permanent, match=r"^oauth_refused"):
        await sign_in_by_browser(browser_settings(server), shown.append, clock.now, paste=paste)


async def test_nobody_comes(server: TokenServer, clock: SetClock) -> None:
    shown: list[str] = []
    for paste in (None, answers()):
        with pytest.raises(Temporary, match=r"^oauth_too_late$"):
            await sign_in_by_browser(browser_settings(server), shown.append, clock.now, paste=paste, seconds=0.05)
        with pytest.raises(URLError):
            await asyncio.to_thread(opened, dict(parse_qsl(urlsplit(shown[-1]).query))["redirect_uri"])


async def test_the_address_is_pasted_where_no_browser_is(server: TokenServer, clock: SetClock) -> None:
    shown: list[str] = []
    typed = 0

    async def paste() -> str:
        nonlocal typed
        typed += 1
        wrong = ["", "geen adres", "http://[", shown[0], "http://127.0.0.1/?code=auth-secret/1&state=\udcff"]
        return wrong[typed - 1] if typed < 5 else f"  {sent_back_to(server, shown[0])}\n"

    tokens = await sign_in_by_browser(browser_settings(server), shown.append, clock.now, paste=paste)
    assert (tokens.refresh_token, typed) == ("refresh-1", 5)


async def test_pasting_the_wrong_thing_ends(server: TokenServer, clock: SetClock) -> None:
    wrong = "http://127.0.0.1/?code=auth-secret/1&state=\udcff"
    with pytest.raises(Permanent) as caught:
        await sign_in_by_browser(browser_settings(server), lambda _: None, clock.now, paste=answers(*[wrong] * 9))
    assert str(caught.value) == "oauth_wrong_address"
    no_secret_in(caught.value)


async def test_a_refusal_can_be_pasted(server: TokenServer, clock: SetClock) -> None:
    server.person = "access_denied"
    shown: list[str] = []

    async def paste() -> str:
        return sent_back_to(server, shown[0])

    with pytest.raises(Permanent, match=r"^oauth_denied$"):
        await sign_in_by_browser(browser_settings(server), shown.append, clock.now, paste=paste)


async def test_the_browser_comes_before_the_paste(server: TokenServer, clock: SetClock, browser: Browser) -> None:
    ended = asyncio.Event()

    async def paste() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return ""

    tokens = await sign_in_by_browser(browser_settings(server), browser.show, clock.now, paste=paste)
    assert tokens.refresh_token == "refresh-1"
    assert ended.is_set()


async def test_a_port_of_ones_own(server: TokenServer, clock: SetClock, browser: Browser) -> None:
    """For a tunnel (ssh -L); taken, or no port at all, is told in fixed words."""
    port = free_port()
    await sign_in_by_browser(browser_settings(server), browser.show, clock.now, port=port)
    assert browser.asked["redirect_uri"] == f"http://127.0.0.1:{port}/"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for impossible in (taken.getsockname()[1], 70_000):
            with pytest.raises(Temporary, match=r"^no port to listen on"):
                await sign_in_by_browser(browser_settings(server), browser.show, clock.now, port=impossible)


def test_the_challenge_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (OauthSettings("google", "c"), "browser"),
        (OauthSettings("google", "c", device_url="https://a.example/device"), "device"),
        (OauthSettings("microsoft", "c"), "device"),
        (OauthSettings("microsoft", "c", authorize_url="https://a.example/authorize"), "browser"),
        (OauthSettings("eigen", "c", token_url="https://a.example/t", device_url="https://a.example/d"), "device"),
        (OauthSettings("eigen", "c", token_url="https://a.example/t", authorize_url="https://a.example/a"), "browser"),
        (
            OauthSettings(
                "eigen", "c", token_url="https://a.example/t", device_url="https://a.example/d",
                authorize_url="https://a.example/a",
            ),
            "device",
        ),
        (OauthSettings("eigen", "c", token_url="https://a.example/t"), "device"),
    ],
)  # fmt: skip
def test_which_way(settings: OauthSettings, expected: str) -> None:
    assert way(settings) == expected


@pytest.mark.parametrize("provider", ["google", "microsoft"])
async def test_what_the_providers_are_asked(clock: SetClock, provider: str) -> None:
    """Shown only: nothing outside is called. What a provider's own address holds is kept (RFC 6749 3.1)."""
    shown: list[str] = []
    with pytest.raises(Temporary, match=r"^oauth_too_late$"):
        await sign_in_by_browser(OauthSettings(provider, "c"), shown.append, clock.now, seconds=0.05)
    asked = dict(parse_qsl(urlsplit(shown[0]).query))
    assert shown[0].startswith("https://")
    assert asked["prompt"].startswith("select_account")
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"].startswith("http://127.0.0.1:")
    if provider == "google":
        assert (asked["access_type"], asked["scope"]) == ("offline", "https://mail.google.com/")


async def test_a_way_the_provider_does_not_have(clock: SetClock) -> None:
    own = OauthSettings("eigen", "c", token_url="https://a.example/t")
    with pytest.raises(ConfigError, match="authorize_url"):
        await sign_in_by_browser(own, lambda _: None, clock.now)
    with pytest.raises(ConfigError, match="device_url"):
        await sign_in(OauthSettings("google", "c"), lambda *_: None, clock.now)
    for url in ("http://a.example/authorize", "javascript:alert(1)"):
        with pytest.raises(ConfigError, match="authorize_url"):
            check_settings(replace(own, authorize_url=url))


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
