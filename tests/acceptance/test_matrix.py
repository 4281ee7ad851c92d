"""No right without a conversation at each organisation, and no name in the table that is not a test."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

import pytest

from bot.demo.customers import ORGANISATIONS
from cases.types import Label
from handlers.registry import HANDLERS
from tests.acceptance.matrix import LONG, PAGE, SHORT, TURNS, page, shown

OF_WHATNEXT = ("test_carried_out",)  # modules on the desk of tests/acceptance/conftest


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_right_is_shown_at_every_organisation(organisation: str) -> None:
    assert [label.value for label in Label if not shown().get((label, organisation))] == []


def test_the_page_is_the_table() -> None:
    """After a change: `python -m tests.acceptance.matrix`."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_table_has_the_cells_of_what_happens() -> None:
    """The same labels and organisations, in the same order, as docs/rights.md."""
    tables = {}
    for path in (PAGE, PAGE.parent / "rights.md"):
        header, _, *rows = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
        names = [row.split("|")[1].strip() for row in rows]
        tables[path.name] = (header.split("|")[2:-1], [name for name in names if name in set(Label)])
    assert tables["conversations.md"] == tables["rights.md"]
    assert tables["rights.md"][1] == [label.value for label in HANDLERS]


@pytest.mark.parametrize(("label", "organisation"), LONG, ids=str)
def test_a_named_conversation_exists_and_is_about_it(label: Label, organisation: str) -> None:
    about = False
    for name in LONG[label, organisation]:
        module_name, _, test = name.partition("::")
        module = importlib.import_module(f"tests.acceptance.{module_name}")
        code = _with_helpers(module, inspect.getsource(getattr(module, test)))
        about |= f"Label.{label.name}" in code or f'"{label.value}"' in code
        assert organisation in _houses(module, code)
    assert about


def test_the_short_ones_exist() -> None:
    module = importlib.import_module("tests.acceptance.test_each_right")
    assert all(hasattr(module, name.partition("::")[2]) for name in (SHORT, TURNS))


def _with_helpers(module: ModuleType, code: str) -> str:
    """The test with the functions of its module that it calls."""
    called = [one for name, one in vars(module).items() if inspect.isfunction(one) and f"{name}(" in code]
    return code + "".join(inspect.getsource(one) for one in called)


def _houses(module: ModuleType, code: str) -> str:
    if hasattr(module, "ORGANISATION"):
        return str(module.ORGANISATION)
    if module.__name__.rpartition(".")[2] in OF_WHATNEXT:
        return "whatnext"
    return code + str(getattr(module, "HOW_LONG", ""))
