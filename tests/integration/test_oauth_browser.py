"""Signing in by a browser (RFC 8252, 7636): loopback redirect, pasted address, and everything that goes wrong."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from cases.errors import ConfigError, LoketError, Permanent, Temporary
from intake.email.faults import Fault
from intake.email.oauth import (
    challenge,
    check_settings,
    sign_in,
    sign_in_by_browser,
    way,
)
from intake.email.settings import OauthSettings
from net.http import MAX_HEAD
from tests.integration.test_oauth import _nothing_secret_is_logged, no_secret_in, server, settings_for
from tests.support.clock import SetClock
from tests.support.ports import free_port
from tests.support.token_server import TokenServer

__all__ = ["_nothing_secret_is_logged", "server"]  # fixtures
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
        ("access_denied", Permanent, Fault.DENIED),
        ("invalid_scope", Permanent, Fault.SCOPE_REFUSED),
        ("unauthorized_client", Permanent, Fault.CLIENT_REFUSED),
        ("temporarily_unavailable", Temporary, Fault.PROVIDER_AWAY),
        ("server_error", Temporary, Fault.PROVIDER_AWAY),
        ("iets anders", Permanent, Fault.PROVIDER_REFUSED),
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
        ("invalid_client", Permanent, Fault.CLIENT_REFUSED),
        ("invalid_grant", Permanent, Fault.PROVIDER_REFUSED),
        ("500", Temporary, Fault.PROVIDER_AWAY),
        ("garbage", Temporary, Fault.NO_TOKEN),
        ("hang up", Temporary, "de webserver gaf geen antwoord"),
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
    with pytest.raises(Permanent, match=Fault.NO_REFRESH_TOKEN):
        await sign_in_by_browser(browser_settings(server), browser.show, clock.now)


async def test_a_code_from_elsewhere_does_not_fit(server: TokenServer, clock: SetClock) -> None:
    """A code that was asked with another verifier, even with our state: PKCE stops it at the provider."""
    shown: list[str] = []

    async def paste() -> str:
        stolen = dict(parse_qsl(urlsplit(shown[0]).query)) | {"code_challenge": challenge("x" * 43)}
        return server.authorize(stolen)

    with pytest.raises(Permanent, match=Fault.PROVIDER_REFUSED):
        await sign_in_by_browser(browser_settings(server), shown.append, clock.now, paste=paste)


async def test_nobody_comes(server: TokenServer, clock: SetClock) -> None:
    shown: list[str] = []
    for paste in (None, answers()):
        with pytest.raises(Temporary, match=Fault.TOO_LATE):
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
    assert str(caught.value) == Fault.WRONG_ADDRESS
    no_secret_in(caught.value)


async def test_a_refusal_can_be_pasted(server: TokenServer, clock: SetClock) -> None:
    server.person = "access_denied"
    shown: list[str] = []

    async def paste() -> str:
        return sent_back_to(server, shown[0])

    with pytest.raises(Permanent, match=Fault.DENIED):
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
            with pytest.raises(Temporary, match=r"^geen poort om op te luisteren"):
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
    with pytest.raises(Temporary, match=Fault.TOO_LATE):
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
