"""No organisation in the code, no real contact data outside `policies/`, nothing of one machine or index."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from cases.policy import load_policy
from tests.project.tree import PACKAGES, ROOT, python_files, short, text_files, text_of

POLICIES = {path.stem: path for path in sorted((ROOT / "policies").glob("*.toml"))}
NAMES = re.compile("|".join(POLICIES), re.IGNORECASE)
FACES = {".html", ".j2", ".typ", ".css", ".js", ".toml", ".svg"}
# written in parts, so that this file does not hold them
INDEXES = ["py" + "pi.org", "python" + "hosted", "npm" + "js.", "crates" + ".io", "docker" + ".io"]
MACHINES = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/op" + "t/py" + "pi"]
# Said of all data, it is wrong: only what stands in the accounts stays seven years (AWR art. 52).
ALL_SEVEN = re.compile(
    r"(alles|alle gegevens|al (je|uw) gegevens|everything|all (your )?data)\W+(\w+\W+){0,3}(7|zeven|seven) (jaar|years)"
    r"|(7|zeven|seven) (jaar|years)\W+(\w+\W+){0,2}(alles|alle gegevens|everything|all (your )?data)",
    re.IGNORECASE,
)


def _code(path: Path) -> str:
    """Names, numbers and strings of a module; no comments and no docstrings, where an example may stand."""
    text = text_of(path)
    told = {
        (node.body[0].value.lineno, node.body[0].value.col_offset)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and ast.get_docstring(node, clean=False) is not None
        and isinstance(node.body[0], ast.Expr)
    }
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return "\n".join(t.string for t in tokens if t.type != tokenize.COMMENT and t.start not in told)


def _in_demo(path: Path) -> bool:
    return short(path).startswith("bot/demo/")


def test_the_code_names_no_organisation() -> None:
    named = [short(path) for path in python_files() if not _in_demo(path) and NAMES.search(_code(path))]
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.suffix in FACES and not _in_demo(path) and NAMES.search(text_of(path)):
                named.append(short(path))
    assert named == []


def _real_contacts() -> dict[str, str]:
    """What people could be reached by: addresses, phones and hosts of the shipped policies, and whose they are."""
    found: dict[str, str] = {}
    for key, path in POLICIES.items():
        contact = load_policy(text_of(path), file=path.name).contact
        street = [line for line in contact.address if re.search(r"\d", line)]
        host = re.sub(r"^(https?://)?(www\.)?", "", contact.website).strip("/")
        for value in (contact.email, contact.phone, host, *street):
            if value:
                found[value.lower()] = key
    return found


def test_real_contact_data_stand_only_in_the_policies() -> None:
    contacts = _real_contacts()
    assert len(contacts) >= 8, "the policies hold published contact data"
    leaks = [
        f"{short(path)}: contact data of {owner}"
        for path in text_files()
        if not short(path).startswith("policies/")
        for value, owner in contacts.items()
        if value in text_of(path).lower()
    ]
    assert leaks == []


@pytest.mark.parametrize("word", [*INDEXES, *MACHINES])
def test_no_package_index_and_no_path_of_one_machine(word: str) -> None:
    assert [short(path) for path in text_files() if word in text_of(path)] == []


def test_no_text_says_that_everything_is_kept_for_seven_years() -> None:
    told = [path for path in text_files() if short(path).startswith(("handlers/texts", "web/", "render/", "workflow/"))]
    assert [short(path) for path in told if ALL_SEVEN.search(text_of(path))] == []
    for key, path in POLICIES.items():
        lines = text_of(path).splitlines()
        ours = [line for line in lines if re.match(r"\s*(text|proposed|law|does|note|description)\s*=", line)]
        assert [line for line in ours if ALL_SEVEN.search(line)] == [], key


@pytest.mark.parametrize(
    "wrong",
    [
        "Wij bewaren alles 7 jaar.",
        "We bewaren al je gegevens nog zeven jaar",
        "7 jaar lang alles",
        "We keep all data seven years",
    ],
)
def test_the_pattern_finds_what_it_looks_for(wrong: str) -> None:
    assert ALL_SEVEN.search(wrong)
    assert not ALL_SEVEN.search("Facturen bewaren we 7 jaar na het jaar van de factuur.")
