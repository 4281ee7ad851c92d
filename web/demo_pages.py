"""The demo's own page: the customer, the colleague and the clock side by side. Only there in a demo."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from cases.errors import InputError
from storage.queries import console
from web.demo import DemoFace
from web.face import Face, WebFace, seen
from web.guard import mail_headers
from web.staff.session import NotThere

router = APIRouter()
TRAY = 60  # mails on the page
JUMPS = {"morgen": "tomorrow", "veertien-dagen": "fourteen_days", "laatste-dag": "last_day"}
_TEXT_LIMIT = 20_000

NOTICES = {
    "verstuurd": "De brief is verstuurd. Het antwoord komt zo in het postvak van de klant.",
    "klok": "De klok is verzet.",
    "leeg": "Vul een afzender en een tekst in.",
}


@router.get("/")
async def show(face: Face, melding: str = "") -> Response:
    demo = _demo(face)
    counts = await _counts(face)
    return face.page(
        "demo.html", letters=demo.letters(), tray=demo.tray(TRAY), colleagues=demo.colleagues(),
        clock=demo.now(), waiting=sum(counts.values()), stand=_stand(demo, counts),
        organisations=list(face.desk.organisations), notice=NOTICES.get(melding, ""), jumps=JUMPS,
        chats=list(face.settings.chats),
    )  # fmt: skip


@router.post("/demo/brief/{key}")
async def ready(key: str, face: Face) -> Response:
    demo = _demo(face)
    if key not in {letter.key for letter in demo.letters()}:
        raise NotThere
    await demo.send_ready(key)
    return seen("/?melding=verstuurd#klant")


@router.post("/demo/brief")
async def free(request: Request, face: Face) -> Response:
    form = await request.form(max_files=0)
    fields = {name: str(form.get(name, "")).strip() for name in ("organisatie", "adres", "naam", "onderwerp", "tekst")}
    if fields["organisatie"] not in face.desk.organisations or "@" not in fields["adres"] or not fields["tekst"]:
        return seen("/?melding=leeg#vrij")
    try:
        await _demo(face).send_free(
            fields["organisatie"], fields["adres"], fields["naam"], fields["onderwerp"], fields["tekst"][:_TEXT_LIMIT]
        )
    except InputError:
        return seen("/?melding=leeg#vrij")
    return seen("/?melding=verstuurd#klant")


@router.post("/demo/klok")
async def clock(request: Request, face: Face) -> Response:
    form = await request.form(max_files=0)
    kind = JUMPS.get(str(form.get("sprong", "")))
    if kind is None:
        raise NotThere
    await _demo(face).jump(kind)
    return seen("/?melding=klok#klok")


@router.get("/demo/mail/{mail_id}")
async def mail(mail_id: str, face: Face) -> Response:
    """One mail of the tray as its reader sees it; its links open in a window of their own."""
    found = next((item for item in _demo(face).tray(10_000) if item.id == mail_id), None)
    if found is None:
        raise NotThere
    html = found.html.replace("<head>", '<head><base target="_blank">', 1)
    return HTMLResponse(html, headers=mail_headers(links=True))


@router.get("/demo/stand")
async def stand(face: Face) -> JSONResponse:
    """Whether the page is still fresh."""
    return JSONResponse({"stand": _stand(_demo(face), await _counts(face))})


async def _counts(face: WebFace) -> dict[tuple[str, str], int]:
    return await face.desk.store.read(lambda reads: console.counts(reads, tuple(face.desk.organisations)))


def _stand(demo: DemoFace, counts: dict[tuple[str, str], int]) -> str:
    newest = demo.tray(1)
    return f"{newest[0].id if newest else '-'}.{sum(counts.values())}"


def _demo(face: WebFace) -> DemoFace:
    if face.demo is None:
        raise NotThere
    return face.demo
