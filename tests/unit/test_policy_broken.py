"""A policy with a mistake in it is refused at the start, with its file, its key and its line."""

from __future__ import annotations

import re
import tomllib

import pytest

from cases.errors import ConfigError
from cases.policy import load_policy
from cases.strict_toml import key_lines
from tests.unit.test_policy import WHATNEXT


def line_of(text: str, needle: str, *, nth: int = 1) -> int:
    found = [number for number, line in enumerate(text.splitlines(), 1) if needle in line]
    return found[nth - 1]


def broken(old: str, new: str, *, key: str, needle: str, nth: int = 1) -> ConfigError:
    """Load the policy with one change; the error must name the file, the key and the line of `needle`."""
    text = WHATNEXT.replace(old, new, 1)
    assert text != WHATNEXT
    with pytest.raises(ConfigError) as caught:
        load_policy(text, file="whatnext.toml")
    assert caught.value.file == "whatnext.toml"
    assert caught.value.key == key
    assert caught.value.line == line_of(text, needle, nth=nth)
    assert f"whatnext.toml:{caught.value.line}" in str(caught.value)
    return caught.value


def test_unknown_key_is_named_with_the_likely_one() -> None:
    error = broken("days = 14", "dayz = 14", key="promises[1].dayz", needle="dayz")
    assert "'days'" in error.reason


def test_unknown_table() -> None:
    broken("[identity]", '[colours]\nletter = "blue"\n[identity]', key="colours", needle="[colours]")


def test_missing_key_in_the_second_entry_of_a_list() -> None:
    broken(
        'text = "Je krijgt op elk moment en zonder kosten een export van je gegevens in .csv."\n',
        "",
        key="promises[2].text",
        needle="[[promises]]",
        nth=2,
    )


def test_missing_key_at_the_top() -> None:
    broken('staff_role = "medewerker privacy"\n', "", key="staff_role", needle="# WhatNext")


def test_missing_table() -> None:
    start, end = WHATNEXT.index("[complaint]"), WHATNEXT.index("[identity]")
    broken(WHATNEXT[start:end], "", key="complaint", needle="# WhatNext")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("days = 14", 'days = "14"', "promises[1].days"),
        ("days = 14", "days = true", "promises[1].days"),
        ("days = 14", "days = 14.0", "promises[1].days"),
        ("days = 14", "days = 0", "promises[1].days"),
        ("used = false", 'used = "nee"', "automated_decisions.used"),
        ("valid_from = 2026-01-01", 'valid_from = "2026-01-01"', "valid_from"),
        ("valid_from = 2026-01-01", "valid_from = 2026-01-01T00:00:00Z", "valid_from"),
        ('form = "nl_je"', 'form = "je"', "form"),
        ('id_copy = "off"', 'id_copy = "always"', "identity.id_copy"),
        ('id_copy = "off"', 'levels = { inzag = "none" }', "identity.levels.inzag"),
        ('id_copy = "off"', 'levels = { inzage = "3" }', "identity.levels.inzage"),
        ('id_copy = "off"', "code_attempts = 0", "identity.code_attempts"),
        ('staff_role = "medewerker privacy"', 'staff_role = "  "', "staff_role"),
        ('signature = ["Met vriendelijke groet,", "WhatNext"]', "signature = []", "signature"),
        ('signature = ["Met vriendelijke groet,", "WhatNext"]', 'signature = "WhatNext"', "signature"),
        ('blocked_grounds = ["excessive", "unfounded"]', 'blocked_grounds = ["lastig"]', "blocked_grounds[1]"),
        ('categories = ["bank"]', 'categories = ["bank", "schoenmaat"]', "purposes[2].categories"),
        ("eea = false\n", "eea = false # a note\n", "recipients[3].safeguard"),
    ],
)
def test_wrong_values_are_refused_at_their_line(old: str, new: str, key: str) -> None:
    text = WHATNEXT
    if key == "recipients[3].safeguard":
        text = re.sub(r'safeguard = "[^"]*"\n', "", WHATNEXT)
    text = text.replace(old, new, 1)
    with pytest.raises(ConfigError) as caught:
        load_policy(text, file="whatnext.toml")
    assert caught.value.key == key
    needle = 'key = "google"' if key.startswith("recipients") else new.splitlines()[0]
    offset = -1 if key.startswith("recipients") else 0  # the header of the entry that misses the key
    assert caught.value.line == line_of(text, needle) + offset


def test_a_legal_term_without_a_law() -> None:
    broken('law = "artikel 52 lid 4 AWR"\n', "", key="retention[5].law", needle="[[retention]]", nth=5)


def test_a_category_without_a_term_or_a_purpose() -> None:
    extra = '[[categories]]\nkey = "shoes"\nlabel = "Schoenen"\ndescription = "je schoenmaat"\n\n'
    error = broken("# Why ---", extra + "# Why ---", key="retention", needle="[[retention]]")
    assert "shoes" in error.reason


def test_a_key_that_stands_twice_in_a_list() -> None:
    error = broken('key = "company"', 'key = "contact"', key="categories[2].key", needle='key = "contact"', nth=2)
    assert "twee keer" in error.reason


def test_text_that_is_no_toml() -> None:
    text = WHATNEXT.replace("days = 14", "days = = 14", 1)
    with pytest.raises(ConfigError) as caught:
        load_policy(text, file="whatnext.toml")
    assert caught.value.line == line_of(text, "days = = 14")


def test_lines_of_keys_are_not_fooled_by_long_strings_and_lists() -> None:
    text = '''a = 1
b = """
c = "inside"
[not.a.table]
"""
d = [
  "e = 1",  # [f]
  { g = 2 },
]
h.i = 3
[j]
k = 4
[[l]]
m = 5
[l.n]
o = 6
[[l]]
"p" = "# [[no]]"
q = ["""
r = 1
""", [
"s = 2",
]]
t = 6
'''
    lines = key_lines(text)
    assert lines == {
        "a": 1,
        "b": 2,
        "d": 6,
        "h.i": 10,
        "j": 11,
        "j.k": 12,
        "l": 13,
        "l[1]": 13,
        "l[1].m": 14,
        "l[1].n": 15,
        "l[1].n.o": 16,
        "l[2]": 17,
        "l[2].p": 18,
        "l[2].q": 19,
        "l[2].t": 24,
    }
    assert tomllib.loads(text)["d"][1] == {"g": 2}
