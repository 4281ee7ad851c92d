"""What the project's files are, for the tests that look at all of them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "cases", "handlers", "intake", "nlp", "render", "sources", "storage", "web", "workflow")
MADE = {".git", ".venv", ".venv-lock", "var", "build", "__pycache__"}  # not ours, or not kept
TEXT = {".py", ".md", ".toml", ".html", ".css", ".js", ".svg", ".typ", ".j2", ".txt", ".csv", ".service", ""}


def is_made(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return any(part in MADE or part.endswith((".egg-info", "_cache")) or part == ".hypothesis" for part in parts)


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Every module of these folders, our packages by default."""
    return tuple(sorted(path for folder in folders or PACKAGES for path in (ROOT / folder).rglob("*.py")))


@cache
def text_files() -> tuple[Path, ...]:
    """Everything a person wrote here, configuration of this machine excepted."""
    found = (path for path in ROOT.rglob("*") if path.suffix in TEXT and not is_made(path))
    return tuple(sorted(path for path in found if path.is_file() and path.name != "config.toml"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
