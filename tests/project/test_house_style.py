"""Rules that no linter knows: tasks have names and owners, time comes from the context, the audit list is closed."""

from __future__ import annotations

import ast

from cases.audit import AuditTag
from tests.project.tree import PACKAGES, parsed, python_files, short
from web.words import AUDIT

# The clock of the context, the demo's movable clock, and a default for programs without a context.
CLOCKS = {"cases/context.py", "bot/demo/clock.py", "bot/demo/seed.py", "intake/email/sender.py"}


def _calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
    ]  # fmt: skip


def test_every_task_has_a_name_and_somebody_who_holds_it() -> None:
    """A task that nobody holds may be collected halfway; one without a name says nothing in a log."""
    found, bare = 0, []
    for path in python_files():
        tree = parsed(path)
        dropped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for call in _calls(tree, "create_task"):
            found += 1
            if id(call) in dropped or not any(keyword.arg == "name" for keyword in call.keywords):
                bare.append(f"{short(path)}:{call.lineno}")
    assert found, "no task anywhere: this test looks for the wrong thing"
    assert bare == []


def test_no_rule_reads_a_clock() -> None:
    readers = {
        short(path)
        for path in python_files()
        for name in ("now", "today", "utcnow")
        for call in _calls(parsed(path), name)
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in {"datetime", "date"}
    }
    assert readers <= CLOCKS


def test_nothing_sleeps_in_a_thread_of_the_event_loop() -> None:
    sleepers = [
        short(path) for path in python_files() for call in _calls(parsed(path), "sleep")
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "time.sleep"
    ]  # fmt: skip
    assert sleepers == []


def test_every_audit_tag_in_the_code_stands_in_the_list() -> None:
    used = {
        node.attr
        for path in python_files(*PACKAGES)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "AuditTag"
    }
    assert len(used) > 30
    assert used - {tag.name for tag in AuditTag} == set()


def test_staff_read_about_acts_that_exist() -> None:
    assert set(AUDIT) - {tag.value for tag in AuditTag} == set()


def test_no_audit_entry_is_tagged_with_a_loose_string() -> None:
    loose = [
        f"{short(path)}:{call.lineno}"
        for path in python_files()
        for call in _calls(parsed(path), "record")
        for argument in [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "tag")]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    assert loose == []
