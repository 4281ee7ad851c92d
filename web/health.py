"""Whether this process works, for a monitor: no personal data, no addresses."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse

from cases.errors import OutsideError
from storage.queries import console
from web.face import Face

router = APIRouter()


@router.get("/gezond")
async def health(face: Face) -> JSONResponse:
    """200 when the store answers and every worker lives; a channel that is down is told, but is no fault of ours."""
    workers = dict(face.settings.workers())
    try:
        channels = await face.desk.store.read(lambda reads: console.channels(reads, tuple(face.desk.organisations)))
        store = True
    except OutsideError:
        channels, store = (), False
    fine = store and all(workers.values())
    answer = {
        "gezond": fine,
        "opslag": store,
        "werkers": workers,
        "kanalen": {"aan": sum(item.ok for item in channels), "uit": sum(not item.ok for item in channels)},
    }
    return JSONResponse(answer, status_code=200 if fine else 503)
