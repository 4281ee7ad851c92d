"""The documentation is in step with the tree: commands, files and names that it mentions exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bot.config import load
from tests.project.tree import PACKAGES, ROOT, parsed, python_files, short

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
# A path in the text: a known top folder, then names. `var/` holds what the program makes.
IN_TEXT = re.compile(
    rf"(?<![\w/.-])((?:{'|'.join((*PACKAGES, 'bench', 'deploy', 'docs', 'policies', 'tests'))})/[\w./-]*\w)"
)
IN_LINKS = re.compile(r"!?\[[^]]*\]\(([^)#]+)")
TOUR = re.compile(r"`([\w/]+\.py)::([\w.]+)`")


def _ids(paths: list[Path]) -> list[str]:
    return [short(path) for path in paths]


@pytest.mark.parametrize("doc", DOCS, ids=_ids(DOCS))
def test_every_file_that_is_named_exists(doc: Path) -> None:
    text = doc.read_text(encoding="utf-8")
    named = {name.rstrip(".") for name in IN_TEXT.findall(text)}
    missing = [name for name in sorted(named) if not (ROOT / name).exists()]
    links = [link for link in IN_LINKS.findall(text) if "://" not in link]
    missing += [link for link in links if not (doc.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("doc", DOCS, ids=_ids(DOCS))
def test_every_make_target_that_is_named_exists(doc: Path) -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", doc.read_text(encoding="utf-8"), re.MULTILINE))
    assert named - TARGETS == set()


def test_help_lists_every_target() -> None:
    described = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert described == TARGETS
    assert {"help", "setup", "run", "demo", "test", "check", "bench", "lock", "format", "clean"} <= TARGETS


def test_the_two_commands_of_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make run" in text and "make test" in text


@pytest.mark.parametrize("doc", DOCS, ids=_ids(DOCS))
def test_every_command_that_is_named_exists(doc: Path) -> None:
    from bot.__main__ import app

    known = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    known |= {str(group.name) for group in app.registered_groups}
    named = set(re.findall(r"(?:`|^)privacyloket ([a-z-]+)", doc.read_text(encoding="utf-8"), re.MULTILINE))
    assert named - known == set()


def _names(path: Path) -> set[str]:
    """What a module defines at its top, and the methods of its classes."""
    found: set[str] = set()
    for node in parsed(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found.add(node.name)
            found |= {
                f"{node.name}.{part.name}"
                for part in node.body
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
            }
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_every_name_of_the_tour_exists() -> None:
    steps = TOUR.findall((ROOT / "docs/tour.md").read_text(encoding="utf-8"))
    assert len(steps) > 30
    assert [f"{file}::{name}" for file, name in steps if name not in _names(ROOT / file)] == []


def test_every_code_name_of_the_glossary_exists() -> None:
    classes: dict[str, set[str]] = {}
    for path in python_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                targets = {
                    t.id for s in node.body if isinstance(s, ast.Assign) for t in s.targets if isinstance(t, ast.Name)
                }
                classes.setdefault(node.name, set()).update(targets)
    named = re.findall(r"`([A-Z]\w+)(?:\.([A-Z_]+))?`", (ROOT / "docs/glossary.md").read_text(encoding="utf-8"))
    assert len(named) > 30
    assert [
        f"{name}.{part}" for name, part in named if name not in classes or (part and part not in classes[name])
    ] == []


def test_every_decision_is_listed_and_numbered() -> None:
    folder = ROOT / "docs/decisions"
    records = sorted(path.name for path in folder.glob("0*.md"))
    listed = re.findall(r"\]\((0[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == records
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))
    for name in records:
        text = (folder / name).read_text(encoding="utf-8")
        assert text.startswith(f"# {int(name[:4])}. ")
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequence")), name


def test_the_example_configuration_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    file = ROOT / "config.example.toml"
    for name in re.findall(r'password_env = "(\w+)"', file.read_text(encoding="utf-8")):
        monkeypatch.setenv(name, "geheim")
    settings = load(file)
    watched, listened = settings.organisations
    assert watched.imap is not None and watched.imap.password == "geheim"
    assert listened.imap is None and settings.door is not None
    assert "geheim" not in repr(settings)
