"""Style sheet and scripts, held in memory under a digest in their address, so that a browser may keep them for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    content: bytes
    media_type: str
    digest: str


def load() -> dict[str, StaticFile]:
    files = {}
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            files[path.name] = StaticFile(content, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:16])
    return files


def address(files: dict[str, StaticFile], name: str) -> str:
    return f"/static/{files[name].digest}/{name}"
