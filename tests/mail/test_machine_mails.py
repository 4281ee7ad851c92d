"""A thousand machines: each is told from a person, and each keeps its words."""

from __future__ import annotations

from collections import Counter

from cases.types import MachineKind
from intake.normalise import normalise
from tests.support.machine_mails import COUNT, machine_mails
from tests.support.mails import inbound


def test_every_machine_is_known_as_one() -> None:
    mails = machine_mails()
    assert len({mail.raw for mail in mails}) == len(mails) == COUNT
    wrong = []
    for mail in mails:
        message = normalise(inbound(mail.raw, envelope_from=mail.envelope_from), instance="hier")
        if message.machine is not mail.kind or not message.auto_suppressed or not message.text:
            wrong.append(f"{mail.name}: {message.machine}")
    assert wrong == []
    assert set(Counter(mail.kind for mail in mails)) == set(MachineKind)
