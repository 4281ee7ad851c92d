"""What the project's files are, for the tests that look at all of them."""

from __future__ import annotations

import ast
import os
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "cases", "handlers", "intake", "net", "nlp", "render", "sources", "storage", "web", "workflow")
MADE = {".git", ".venv", ".venv-lock", "var", "build", "__pycache__", ".hypothesis"}  # not ours, or not kept
TEXT = {".py", ".md", ".toml", ".html", ".css", ".js", ".svg", ".typ", ".j2", ".txt", ".csv", ".service", ""}


def is_made(name: str) -> bool:
    return name in MADE or name.endswith((".egg-info", "_cache"))


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Every module of these folders, our packages by default."""
    return tuple(sorted(path for folder in folders or PACKAGES for path in (ROOT / folder).rglob("*.py")))


@cache
def text_files() -> tuple[Path, ...]:
    """Everything a person wrote here, configuration of this machine excepted."""
    found = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [name for name in inner if not is_made(name)]
        found += [Path(folder, name) for name in names if Path(name).suffix in TEXT and name != "config.toml"]
    return tuple(sorted(found))


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(text_of(path))


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
