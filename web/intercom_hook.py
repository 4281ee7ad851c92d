"""Where Intercom tells us of new messages (`/intercom/<organisation>`): signed, stored, then acknowledged.

What is wrong with a notification is logged without its content. An answer other than 200 makes Intercom tell again, so
that is what it hears when nothing could be stored.
"""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from starlette.responses import Response

from cases.errors import InputError, Temporary
from web.face import Face
from web.staff.session import NotThere

log = logging.getLogger(__name__)
router = APIRouter()
_STATUS = {"signature": 401, "malformed": 400}


@router.head("/intercom/{organisation}")
async def there(organisation: str, face: Face) -> Response:
    """Intercom looks once whether the address exists."""
    if organisation not in face.settings.intercom:
        raise NotThere
    return Response()


@router.post("/intercom/{organisation}")
async def notified(organisation: str, request: Request, face: Face) -> Response:
    receiver = face.settings.intercom.get(organisation)
    if receiver is None:
        raise NotThere
    try:
        await receiver.notified(await request.body(), request.headers.get("x-hub-signature", ""))
    except InputError as error:
        log.warning("intercom: a notification was refused: %s", error.code, extra={"organisation": organisation})
        return Response(status_code=_STATUS[error.code])
    except Temporary:
        return Response(status_code=503)
    return Response()
