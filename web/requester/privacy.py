"""What the desk does with a message, per organisation, made from its policy (art. 13 AVG; AI Act art. 50)."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from cases.types import Form
from web.face import Face
from web.requester.pages import page
from web.staff.session import NotThere

router = APIRouter(prefix="/privacy")


@dataclass(frozen=True, slots=True)
class DeskTerms:
    """How long the desk keeps its own records; `workflow/retention` purges by the same figures."""

    register_years: int = 5
    mail_years: int = 2
    proof_days: int = 30
    other_days: int = 30


@router.get("/{organisation}")
async def privacy(organisation: str, face: Face, taal: str = "") -> Response:
    own = face.desk.organisations.get(organisation)
    if own is None:
        raise NotThere
    form = Form.EN if taal == "en" else own.policy.form
    return page(face, "privacy_page.html", form, policy=own.policy, mailbox=own.mailbox, terms=DeskTerms())
