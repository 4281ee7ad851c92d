"""The script that an organisation's own pages load, at an address that stays: /widget.js (docs/widget.md).

Not here: the script itself (`web/static/widget.js`), and what it asks of the desk (`routes`, `live`).
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from web.face import Face

router = APIRouter()
NAME = "widget.js"
FRESH = 3600  # seconds; a page that is open longer runs the script it has


@router.get(f"/{NAME}", include_in_schema=False)  # a file, no page: it may be kept
async def widget(request: Request, face: Face) -> Response:
    """For every page: it holds nothing of anybody, and what it asks is judged by the page's Origin."""
    file = face.files[NAME]
    tag = f'"{file.digest}"'
    headers = {
        "Cache-Control": f"public, max-age={FRESH}", "ETag": tag, "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",  # so that a page may pin it (Subresource Integrity)
    }  # fmt: skip
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
