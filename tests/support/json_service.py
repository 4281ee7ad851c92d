"""A JSON service on loopback: a function answers, and every call is remembered."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: Any = None  # JSON, or the pairs of a form


@dataclass(frozen=True)
class Told:
    status: int = 200
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False  # the call was carried out; nobody hears of it


@dataclass
class JsonService:
    answer: Callable[[Asked], Told]
    url: str = ""
    calls: list[Asked] = field(default_factory=list)


@contextmanager
def serve(answer: Callable[[Asked], Told]) -> Iterator[JsonService]:
    service = JsonService(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            form = "urlencoded" in (self.headers.get("Content-Type") or "")
            body = dict(parse_qsl(raw.decode(), keep_blank_values=True)) if form else json.loads(raw) if raw else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            asked = Asked(self.command, unquote(parts.path), query, headers, body)
            service.calls.append(asked)
            told = service.answer(asked)
            if told.hang_up:
                self.close_connection = True
                return
            content = b"" if told.data is None else json.dumps(told.data).encode()
            self.send_response(told.status)
            for name, value in {"Content-Length": str(len(content)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.do)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
