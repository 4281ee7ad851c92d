"""Data that a customer of ours holds on our systems: not ours to answer, so the request goes to that customer.

Serves art. 28(3)(e) AVG (assisting the controller). Only the request itself is passed on; staff approve the letter.
"""

from __future__ import annotations

from cases.errors import InputError
from cases.letters import BlockKind, Letter
from cases.types import Decision, Form
from handlers.base import CaseFile
from handlers.parts import head, letter, tail, texts_of, titled


def redirect_letter(file: CaseFile, controller: str = "") -> Letter:
    """Says that these data are not ours, whose they are, and that the request was passed on.

    `controller`: the name of that customer, where its own site tells it to everybody.
    """
    processor, texts = file.policy.processor, texts_of(file)
    if processor is None:
        raise InputError("no_processor_case")
    own = processor.redirect if texts.form is not Form.EN else ""
    named = texts.say("generic.redirect_named", controller=controller) if controller else ""
    passed = texts.say("generic.redirect_passed", customers=processor.customers)
    return letter(
        file,
        (
            *head(file, Decision.TRANSFERRED),
            titled(texts, BlockKind.REDIRECT, own or passed, named),
            *tail(file),
        ),
    )
