"""The folders of the project: what stands at the top, small rooms, a word of introduction in every module."""

from __future__ import annotations

import ast
import sys
import tomllib

from tests.project.tree import PACKAGES, ROOT, is_made, parsed, python_files, short

FOLDERS = {*PACKAGES, "bench", "deploy", "docs", "policies", "tests", ".ci"}
FILES = {
    "Makefile", "README.md", "pyproject.toml", "requirements.txt", "requirements-dev.txt", "config.example.toml",
    ".gitignore",
}  # fmt: skip
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
PURE = {"cases", "holidays", "stdnum", *sys.stdlib_module_names}


def test_what_stands_at_the_top() -> None:
    here = {path.name for path in ROOT.iterdir() if not is_made(path.name)} - {"config.toml"}
    assert here == FOLDERS | FILES


def test_every_package_is_named_in_the_build() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert sorted(project["setuptools"]["packages"]["find"]["include"]) == [f"{name}*" for name in PACKAGES]
    assert sorted(project["importlinter"]["root_packages"]) == list(PACKAGES)


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for path in python_files(*PACKAGES, "tests", "bench")}
    missing = [short(folder) for folder in folders if not (folder / "__init__.py").exists()]
    # Alembic loads its scripts by path
    assert [name for name in missing if not name.startswith("storage/migrations")] == []


def test_every_module_says_what_lives_there() -> None:
    silent = [
        short(path) for path in python_files(*PACKAGES, "tests", "bench")
        if parsed(path).body and not ast.get_docstring(parsed(path))
    ]  # fmt: skip
    assert silent == []


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {
        short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*PACKAGES, "bench")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{short(path)}: {node.name}"
        for path in python_files(*PACKAGES, "bench")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_cases_is_pure() -> None:
    """The rules know no database, no network and no library but the two that hold facts."""
    outside = {
        f"{short(path)}: {name}"
        for path in python_files("cases")
        for node in ast.walk(parsed(path))
        for name in _imported(node)
        if name.partition(".")[0] not in PURE or name.partition(".")[0] in {"asyncio", "socket", "sqlite3", "urllib"}
    }
    assert outside == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []
