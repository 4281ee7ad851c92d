"""What the desk does with a message, per organisation, made from its policy (art. 13 AVG; AI Act art. 50)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from cases.types import Form
from web.face import Face
from web.requester.pages import page
from web.staff.session import NotThere
from workflow.retention import CLOSED_CASE, NON_REQUEST

router = APIRouter(prefix="/privacy")


YEAR = 365  # days


@router.get("/{organisation}")
async def privacy(organisation: str, face: Face, taal: str = "") -> Response:
    own = face.desk.organisations.get(organisation)
    if own is None:
        raise NotThere
    form = Form.EN if taal == "en" else own.policy.form
    # The terms by which `workflow/retention` and `workflow/own_terms` purge: this page promises nothing else.
    return page(
        face, "privacy_page.html", form, policy=own.policy, mailbox=own.mailbox,
        case_years=CLOSED_CASE.days // YEAR, other_days=NON_REQUEST.days,
    )  # fmt: skip
