"""From a notice or letter to bytes-to-be: the words come from handlers, the looks from render."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from cases.letters import Letter
from cases.types import Form, Label, OutboxKind
from handlers.notices import About
from render.letter import LetterContext, letter_html, letter_text
from storage.queries.writing import Post
from workflow.desk import Desk


def write(desk: Desk, organisation: str, kind: OutboxKind, letter: Letter) -> Post:
    """Text and HTML of one letter. CPU work."""
    ctx = LetterContext(organisation=desk.organisation(organisation).policy.name, demo=desk.demo)
    return Post(kind, letter.subject, letter_text(letter, ctx), letter_html(letter, ctx))


def about(
    desk: Desk, organisation: str, *, form: Form, number: str, labels: Sequence[Label], received_at: datetime,
    told: date, token: str = "",
) -> About:  # fmt: skip
    """What a notice says about its case; `token` opens the case page."""
    own = desk.organisation(organisation)
    return About(
        policy=own.policy, form=form, case_number=number, labels=tuple(labels), received_at=received_at, told=told,
        link=f"{desk.base_url}/z/{token}" if token else "", desk_link=f"{desk.base_url}/privacy/{organisation}",
        texts=own.texts[form],
    )  # fmt: skip
