"""Tokens for mailboxes that take no password: signing in, and renewing (RFC 6749 6).

A person signs in once, in `init`: by a device code (RFC 8628) on any machine, or by a browser that is sent back to this
one (RFC 6749 4.1 with PKCE, RFC 7636, and a loopback redirect, RFC 8252); `way` says which. From then on `AccessTokens`
renews by itself. Providers may give a new refresh token
each time and end the old one: the new one is stored before anything else happens. Tokens and what a server says about
them never reach a log or an error; the reasons in errors are fixed words.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, Protocol
from urllib.parse import quote, urlencode

from cases.errors import ConfigError, LoketError, Permanent, Temporary
from intake.email.faults import Fault
from intake.email.settings import OauthSettings
from net.http import Answer, awaited_redirect, checked_url, post_form, post_form_async, query_of

EARLY = timedelta(minutes=5)  # renewed this long before the end
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_INTERVAL = 5.0  # RFC 8628 3.5, both
_SLOWER = 5.0
_UNKNOWN_LIFE = 600.0  # a server that tells no lifetime

_BROWSER_SECONDS = 600.0  # for a person to sign in; codes live as long (RFC 6749 4.1.2)
_PASTES = 5
_BUSY = frozenset({"server_error", "temporarily_unavailable"})  # RFC 6749 4.1.2.1: a redirect has no status


@dataclass(frozen=True, slots=True)
class _Places:
    device_url: str
    authorize_url: str
    token_url: str
    scope: str


_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
_PROVIDERS = {
    "microsoft": _Places(
        f"{_MICROSOFT}/devicecode",
        f"{_MICROSOFT}/authorize?prompt=select_account",
        f"{_MICROSOFT}/token",
        "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
    ),
    "google": _Places(
        "",  # its device grant gives no scope for mail
        # without consent asked anew, a second sign-in gives no refresh token
        "https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=select_account%20consent",
        "https://oauth2.googleapis.com/token",
        "https://mail.google.com/",
    ),
}
# A person has to sign in again: the grant ended, was taken back, or asks for more (RFC 6749 5.2, OpenID Connect).
_ENDED = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})


class SignInAgain(Temporary):
    """The refresh token no longer works. Temporary for what waits to be sent; an alarm for people."""

    def __init__(self) -> None:
        super().__init__(Fault.SIGN_IN_AGAIN)


class ClientRefused(Temporary):
    """The application itself is refused: most often its secret has ended."""

    def __init__(self) -> None:
        super().__init__(Fault.CLIENT_REFUSED)


@dataclass(frozen=True, slots=True)
class Tokens:
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)  # "" when the server gave none: the old one goes on
    expires_at: datetime
    refresh_expires_at: datetime | None  # when the server tells


class TokenStore(Protocol):
    """Keeps one account's refresh token, sealed."""

    def load(self) -> str: ...
    def save(self, refresh_token: str, expires_at: datetime | None) -> None: ...


def _places(settings: OauthSettings) -> _Places:
    usual = _PROVIDERS.get(settings.provider, _Places("", "", "", ""))

    def place(own: str, otherwise: str, key: str) -> str:
        url = own or otherwise.format(tenant=settings.tenant)
        return checked_url(url, key) if url else ""

    token_url = place(settings.token_url, usual.token_url, "oauth.token_url")
    if not token_url:
        raise ConfigError("een eigen provider vraagt token_url, en device_url of authorize_url", key="oauth.token_url")
    return _Places(
        place(settings.device_url, usual.device_url, "oauth.device_url"),
        place(settings.authorize_url, usual.authorize_url, "oauth.authorize_url"),
        token_url,
        settings.scope or usual.scope,
    )


def check_settings(settings: OauthSettings) -> None:
    """Stops the start when the provider can not be asked."""
    _places(settings)


def way(settings: OauthSettings) -> Literal["device", "browser"]:
    """How a person signs in: what the settings name, else what the provider has; the device code before the browser."""
    named = settings if settings.device_url or settings.authorize_url else _places(settings)
    return "browser" if named.authorize_url and not named.device_url else "device"


async def sign_in(
    settings: OauthSettings,
    show: Callable[[str, str], None],
    clock: Callable[[], datetime],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Tokens:
    """Shows a person where to go with which code, and waits until they did.

    Raises Permanent when they refused or the provider does not give such tokens this way, Temporary when it took too
    long or nobody answers.
    """
    places = _places(settings)
    if not places.device_url:
        raise ConfigError("een eigen provider vraagt device_url", key="oauth.device_url")
    seconds = settings.timeout_seconds
    began = await post_form_async(places.device_url, _client(settings, scope=places.scope), seconds=seconds)
    code, shown = _text(began, "device_code"), _text(began, "user_code")
    where = _text(began, "verification_uri") or _text(began, "verification_url")  # the second is Google's
    if began.status != 200 or not (code and shown and where):
        raise _refused(began)
    show(where, shown)
    until = clock() + _seconds(began.data, "expires_in", 900.0)
    interval = _seconds(began.data, "interval", _INTERVAL).total_seconds()
    fields = _client(settings, grant_type=_DEVICE_GRANT, device_code=code)
    while clock() < until:
        await sleep(interval)
        try:
            answer = await post_form_async(places.token_url, fields, seconds=seconds)
        except Temporary:
            interval = min(interval * 2 or 1.0, 60.0)  # RFC 8628 3.5: less often when nobody answers
            continue
        if answer.status == 200:
            return _tokens(answer, clock())
        error = _text(answer, "error")
        if error == "slow_down":
            interval += _SLOWER
        elif error != "authorization_pending" and answer.status < 500:
            raise _refused(answer)
    raise Temporary(Fault.TOO_LATE)


async def sign_in_by_browser(
    settings: OauthSettings,
    show: Callable[[str], None],
    clock: Callable[[], datetime],
    *,
    port: int = 0,
    paste: Callable[[], Awaitable[str]] | None = None,
    seconds: float = _BROWSER_SECONDS,
) -> Tokens:
    """Shows a person the address to open, and waits until the provider sends their browser back here.

    A browser on another machine ends on a page that is not there: `paste` asks for the address it shows. Whichever
    comes first is taken, and `paste` is cancelled. Raises as `sign_in`.
    """
    places = _places(settings)
    if not places.authorize_url:
        raise ConfigError("een eigen provider vraagt authorize_url", key="oauth.authorize_url")
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)

    def page(query: Mapping[str, str]) -> tuple[int, str]:
        if not _is_ours(query, state):
            return 400, _page("Dit hoort niet bij deze aanmelding", "Open het adres opnieuw dat Privacyloket toonde.")
        if "code" not in query:
            return 200, _page("Er is niet aangemeld", "In het venster van Privacyloket staat wat u kunt doen.")
        return 200, _page("Bedankt", "U kunt dit tabblad sluiten en verdergaan in het venster van Privacyloket.")

    try:
        async with asyncio.timeout(seconds), awaited_redirect(port, page) as (address, redirected):
            fields = {"response_type": "code", "client_id": settings.client_id, "redirect_uri": address}
            fields |= {"scope": places.scope, "state": state}
            fields |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
            joint = "&" if "?" in places.authorize_url else "?"
            show(places.authorize_url + joint + urlencode({n: v for n, v in fields.items() if v}, quote_via=quote))
            query = await (_first(redirected, _pasted(paste, state)) if paste else redirected)
    except TimeoutError:
        raise Temporary(Fault.TOO_LATE) from None
    if "code" not in query:
        raise _refused(Answer(503 if query.get("error") in _BUSY else 400, query))
    fields = _client(settings, grant_type="authorization_code", code=query["code"], redirect_uri=address)
    fields["code_verifier"] = verifier
    answer = await post_form_async(places.token_url, fields, seconds=settings.timeout_seconds)
    if answer.status != 200:
        raise _refused(answer)
    tokens = _tokens(answer, clock())
    if not tokens.refresh_token:
        raise Permanent(Fault.NO_REFRESH_TOKEN)  # it would end within the hour, with nobody there
    return tokens


def challenge(verifier: str) -> str:
    """What the provider may know of the verifier beforehand (RFC 7636 4.2, S256)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _is_ours(query: Mapping[str, str], state: str) -> bool:
    """Without our state it answers a question somebody else asked (RFC 6749 10.12)."""
    known = secrets.compare_digest(query.get("state", "").encode(errors="replace"), state.encode())
    return known and ("code" in query) != ("error" in query)


async def _pasted(paste: Callable[[], Awaitable[str]], state: str) -> Mapping[str, str]:
    for _ in range(_PASTES):
        query = query_of((await paste()).strip())
        if _is_ours(query, state):
            return query
    raise Permanent(Fault.WRONG_ADDRESS)


async def _first(
    redirected: asyncio.Future[Mapping[str, str]], pasted: Coroutine[Any, Any, Mapping[str, str]]
) -> Mapping[str, str]:
    typed = asyncio.ensure_future(pasted)
    try:
        done, _ = await asyncio.wait({redirected, typed}, return_when=asyncio.FIRST_COMPLETED)
        return (redirected if redirected in done else typed).result()
    finally:
        typed.cancel()
        await asyncio.gather(typed, return_exceptions=True)


def _page(title: str, text: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><p>{text}</p></body></html>"
    )


class AccessTokens:
    """The access token of one account, renewed when needed. Blocking; any thread may ask."""

    def __init__(self, settings: OauthSettings, store: TokenStore, clock: Callable[[], datetime]) -> None:
        self._settings, self._places, self._store, self._clock = settings, _places(settings), store, clock
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
        self._unsaved: Tokens | None = None
        self._renewals = 0

    def access_token(self, *, fresh: bool = False) -> str:
        """`fresh`: the last one was refused. Raises SignInAgain, ClientRefused or Temporary."""
        seen = self._renewals
        with self._lock:
            self._save()
            tokens = self._tokens
            renewed_meanwhile = self._renewals != seen
            if tokens is not None and tokens.expires_at - self._clock() > EARLY and (renewed_meanwhile or not fresh):
                return tokens.access_token
            try:
                self._tokens = tokens = self._renewed()
            except (SignInAgain, ClientRefused):
                raise
            except Temporary:
                if tokens is None or fresh or tokens.expires_at <= self._clock():
                    raise
                return tokens.access_token  # the old one still holds for some minutes
            self._renewals += 1
            if tokens.refresh_token:
                self._unsaved = tokens
                self._save()
            return tokens.access_token

    def _renewed(self) -> Tokens:
        refresh_token = self._unsaved.refresh_token if self._unsaved else self._store.load()
        if not refresh_token:
            raise SignInAgain
        try:
            return self._ask(refresh_token)
        except SignInAgain:
            newest = self._store.load()
            if newest in ("", refresh_token):
                raise
            return self._ask(newest)  # another process renewed meanwhile, and ended the one we had read

    def _ask(self, refresh_token: str) -> Tokens:
        fields = _client(
            self._settings, grant_type="refresh_token", refresh_token=refresh_token, scope=self._places.scope
        )
        answer = post_form(self._places.token_url, fields, seconds=self._settings.timeout_seconds)
        if answer.status == 200:
            return _tokens(answer, self._clock())
        error = _text(answer, "error")
        if error in _ENDED:
            raise SignInAgain
        if error in ("invalid_client", "unauthorized_client"):
            raise ClientRefused
        raise Temporary(f"{Fault.NO_TOKEN}: status {answer.status}")

    def _save(self) -> None:
        """A new refresh token that could not be stored is kept and stored at the next call: the old one is gone."""
        if self._unsaved is None:
            return
        try:
            self._store.save(self._unsaved.refresh_token, self._unsaved.refresh_expires_at)
        except LoketError:
            return
        self._unsaved = None


def expires_soon(
    settings: OauthSettings,
    refresh_expires_at: datetime | None,
    now: datetime,
    within: timedelta = timedelta(days=14),
) -> datetime | None:
    """When a person must act, if that is near: the sign-in or the application's secret ends."""
    ends = [refresh_expires_at] if refresh_expires_at is not None else []
    if settings.secret_ends is not None:
        ends.append(_start_of(settings.secret_ends))
    first = min(ends, default=None)
    return first if first is not None and first - now <= within else None


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _client(settings: OauthSettings, **fields: str) -> dict[str, str]:
    fields["client_id"] = settings.client_id
    if settings.client_secret:
        fields["client_secret"] = settings.client_secret
    return {name: value for name, value in fields.items() if value}


def _tokens(answer: Answer, now: datetime) -> Tokens:
    access_token = _text(answer, "access_token")
    if not access_token:
        raise Temporary(Fault.NO_TOKEN)
    refresh_life = "refresh_token_expires_in"
    return Tokens(
        access_token=access_token,
        refresh_token=_text(answer, "refresh_token"),
        expires_at=now + _seconds(answer.data, "expires_in", _UNKNOWN_LIFE),
        refresh_expires_at=now + _seconds(answer.data, refresh_life, 0.0) if refresh_life in answer.data else None,
    )


def _text(answer: Answer, name: str) -> str:
    value = answer.data.get(name)
    return value if isinstance(value, str) else ""


def _seconds(data: Mapping[str, object], name: str, otherwise: float) -> timedelta:
    """Some servers write numbers as text."""
    value = data.get(name, otherwise)
    try:
        number = float(value) if isinstance(value, int | float | str) else otherwise
    except ValueError:
        number = otherwise
    return timedelta(seconds=number if 0 <= number <= 400_000_000 else otherwise)


def _refused(answer: Answer) -> LoketError:
    error = _text(answer, "error")
    if error in ("invalid_client", "unauthorized_client"):
        return Permanent(Fault.CLIENT_REFUSED)
    if error == "access_denied":
        return Permanent(Fault.DENIED)
    if error == "invalid_scope":
        return Permanent(Fault.SCOPE_REFUSED)
    if error == "expired_token":
        return Temporary(Fault.TOO_LATE)
    if answer.status >= 500:
        return Temporary(f"{Fault.PROVIDER_AWAY}: status {answer.status}")
    return Permanent(f"{Fault.PROVIDER_REFUSED}: status {answer.status}")
