"""Every trap on its own, by name."""

from __future__ import annotations

import pytest

from tests.mail.binary import made
from tests.mail.corpus import Trap, faults, written

TRAPS = [*written(), *made()]


def test_there_is_one_mail_for_each_trap() -> None:
    names = [trap.name for trap in TRAPS]
    assert len(names) == len(set(names))
    assert len({trap.raw for trap in TRAPS}) == len(TRAPS)
    assert len(TRAPS) >= 300


@pytest.mark.parametrize("trap", TRAPS, ids=[trap.name for trap in TRAPS])
def test_trap(trap: Trap) -> None:
    assert faults(trap) == [], trap.name
