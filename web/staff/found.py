"""What a source found, for the eyes of staff: the same masking as in the export, by the same rules (art. 32).

Staff check whether these are the right records; for that nobody needs a password or a whole account number.
"""

from __future__ import annotations

from datetime import datetime

from cases.calendar import local_date
from cases.protocols import FindStatus, Found, FoundTable
from cases.types import Assurance, Label
from handlers.base import CaseFile
from handlers.masking import Shown, shown
from storage.queries.case_values import FoundRows
from workflow.desk import OrganisationDesk


def for_staff(own: OrganisationDesk, opened: FoundRows, now: datetime) -> Shown:
    """Tables with the organisation's own names; undeclared columns and processor tables are left out."""
    source = own.sources.get(opened.source)
    tables = tuple(
        FoundTable(part["table"], tuple(part["columns"]), tuple(tuple(row) for row in part["rows"]))
        for part in opened.tables
    )
    file = CaseFile(
        case_number="", policy=own.policy, form=own.policy.form, label=Label.INZAGE, request_id=opened.request_id,
        received_at=now, told_date=local_date(now), as_understood="", requester_address="", requester_name="",
        assurance=Assurance.CODE_TO_KNOWN_ADDRESS, identifiers=(), sources=(source.describe(),) if source else (),
        found=(Found(opened.source, FindStatus.FOUND, tables),), also=(), now=now, texts=own.texts[own.policy.form],
    )  # fmt: skip
    return shown(file)
