"""A token server as the large providers run one: scripted, and it remembers what it was asked.

RFC 6749, RFC 8628, and RFC 7636 for the code that `/authorize` sends a browser back with.
"""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

USER_CODE = "WDJB-MJHT"


@dataclass(slots=True)
class TokenServer:
    """Gives `access-1`, `access-2`, … . With `rotating` each refresh token works once.

    `script` holds what happens to the coming token requests: an OAuth error name, "500", "garbage", "long", "hang up",
    or "ok"; when it is empty, "ok". `person` is what the person does at `/authorize`: "ok", or the OAuth error.
    """

    url: str = ""
    rotating: bool = True
    expires_in: object = 3600
    refresh_expires_in: int | None = None
    gives_refresh: bool = True
    script: deque[str] = field(default_factory=deque)
    valid_refresh: set[str] = field(default_factory=lambda: {"refresh-0"})
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    given: int = 0
    person: str = "ok"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)  # what each was asked with; a code works once
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def device_url(self) -> str:
        return f"{self.url}/devicecode"

    @property
    def authorize_url(self) -> str:
        return f"{self.url}/authorize"

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"

    def refreshes(self) -> int:
        return sum(fields.get("grant_type") == "refresh_token" for _, fields in self.requests)

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent; "" when nobody can be sent anywhere (RFC 6749 4.1.2.1)."""
        with self._lock:
            if urlsplit(query.get("redirect_uri", "")).hostname != "127.0.0.1" or "client_id" not in query:
                return ""
            asked = (query.get("response_type"), query.get("code_challenge_method"), "code_challenge" in query)
            error = self.person if asked == ("code", "S256", True) else "invalid_request"
            back = {"state": query["state"]} if "state" in query else {}
            if error == "ok":
                code = f"auth-secret/{len(self.codes) + 1}"
                self.codes[code] = query
                back |= {"code": code, "scope": query["scope"], "iss": self.url}
            else:
                back |= {"error": error, "error_description": "access-1 of a person"}
            return f"{query['redirect_uri']}?{urlencode(back)}"

    def answer(self, path: str, fields: dict[str, str]) -> tuple[int, bytes]:
        with self._lock:
            self.requests.append((path, fields))
            what = self.script.popleft() if self.script else "ok"
            if what == "500":
                return 500, b"<html>secret-of-the-server</html>"
            if what == "garbage":
                return 200, b"\xff{not json"
            if what == "long":
                return 200, b'"' + b"x" * 2_000_000 + b'"'
            if what != "ok":
                return 400, json.dumps({"error": what, "error_description": "for access-1 of a person"}).encode()
            return self._granted(path, fields)

    def _granted(self, path: str, fields: dict[str, str]) -> tuple[int, bytes]:
        if path == "/devicecode":
            return 200, json.dumps(
                {
                    "device_code": "device-secret", "user_code": USER_CODE, "verification_uri": "https://aan.example/code",
                    "expires_in": 900, "interval": 2,
                }
            ).encode()  # fmt: skip
        if fields.get("grant_type") == "authorization_code" and not self._proves(fields):
            return 400, b'{"error": "invalid_grant", "error_description": "auth-secret/1"}'
        if fields["grant_type"] == "refresh_token":
            if fields["refresh_token"] not in self.valid_refresh:
                return 400, b'{"error": "invalid_grant", "error_description": "AADSTS700082: expired"}'
            if self.rotating:
                self.valid_refresh.remove(fields["refresh_token"])
        self.given += 1
        answer: dict[str, Any] = {
            "access_token": f"access-{self.given}", "token_type": "Bearer", "expires_in": self.expires_in,
        }  # fmt: skip
        if self.gives_refresh and (self.rotating or fields["grant_type"] != "refresh_token"):
            answer["refresh_token"] = f"refresh-{self.given}"
            self.valid_refresh.add(answer["refresh_token"])
        if self.refresh_expires_in is not None:
            answer["refresh_token_expires_in"] = self.refresh_expires_in
        return 200, json.dumps(answer).encode()

    def _proves(self, fields: dict[str, str]) -> bool:
        """The code is fresh, and comes from whoever asked for it (RFC 6749 4.1.3, RFC 7636 4.6)."""
        asked = self.codes.pop(fields["code"], None)
        if asked is None or any(asked[name] != fields.get(name) for name in ("client_id", "redirect_uri")):
            return False
        digest = hashlib.sha256(fields.get("code_verifier", "").encode("ascii")).digest()
        return urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]


@contextmanager
def token_server() -> Iterator[TokenServer]:
    state = TokenServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            where = state.authorize(query) if parts.path == "/authorize" else ""
            self.send_response(302 if where else 400)
            self.send_header("Location", where)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if state.script and state.script[0] == "hang up":
                state.script.popleft()
                self.close_connection = True
                return
            status, answer = state.answer(self.path, {name: values[0] for name, values in parse_qs(body).items()})
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="token-server", daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join(10)
