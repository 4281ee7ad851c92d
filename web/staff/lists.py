"""Lists: what waits for a person, every open request, and search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from cases.types import WorkKind
from storage.queries import console
from storage.queries.console import Line
from storage.unit import Reads
from web.face import Face
from web.staff.session import Form, Who, text

router = APIRouter(prefix="/bureau")


@router.get("")
async def work(face: Face, who: Who, organisatie: str = "", soort: str = "", melding: str = "") -> Response:
    """What waits, the earliest date first."""
    chosen = organisatie if organisatie in who.roles else ""
    kinds = [soort] if soort in set(WorkKind) else []

    def read(reads: Reads) -> tuple[tuple[Line, ...], dict[tuple[str, str], int], tuple[console.Channel, ...]]:
        lines = console.work(reads, who.roles, organisation=chosen, kinds=kinds)
        return lines, console.counts(reads, who.roles), console.channels(reads, who.roles)

    lines, counts, channels = await face.desk.store.read(read)
    return face.page(
        "work.html", who=who, lines=lines, channels=channels, organisation=chosen, kind=kinds[0] if kinds else "",
        per_kind=_kinds(counts, chosen), per_organisation=_organisations(counts, who.roles), total=sum(counts.values()),
        everything=False, notice=melding, limit=console.LIMIT, stand=_stand(counts),
    )  # fmt: skip


@router.get("/verzoeken")
async def requests(face: Face, who: Who, organisatie: str = "") -> Response:
    """Every open request, whoever it waits for."""
    chosen = organisatie if organisatie in who.roles else ""

    def read(reads: Reads) -> tuple[tuple[Line, ...], dict[tuple[str, str], int], tuple[console.Channel, ...]]:
        lines = console.open_requests(reads, who.roles, organisation=chosen)
        return lines, console.counts(reads, who.roles), console.channels(reads, who.roles)

    lines, counts, channels = await face.desk.store.read(read)
    return face.page(
        "work.html", who=who, lines=lines, channels=channels, organisation=chosen, kind="", per_kind={},
        per_organisation=dict.fromkeys(who.roles, 0), total=sum(counts.values()), everything=True, notice="",
        limit=console.LIMIT, stand=_stand(counts),
    )  # fmt: skip


@router.get("/spam")
async def spam(face: Face, who: Who) -> Response:
    """Mail of senders on the spam list: kept 30 days, never answered; a request in it can still be opened."""
    lines = await face.desk.store.read(lambda reads: console.spam_listed(reads, who.roles))
    return face.page("spam.html", who=who, lines=lines)


@router.get("/stand")
async def stand(face: Face, who: Who) -> JSONResponse:
    """Whether a list is still fresh; counts only."""
    counts = await face.desk.store.read(lambda reads: console.counts(reads, who.roles))
    return JSONResponse({"stand": _stand(counts)})


@router.get("/zoeken")
async def ask(face: Face, who: Who) -> Response:
    return face.page("search.html", who=who, lines=None, wanted="")


@router.post("/zoeken")
async def find(face: Face, who: Who, form: Form) -> Response:
    """By POST, so that an address never stands in a URL or a log."""
    wanted = text(form, "zoek").strip()
    by_address = {"address": wanted.lower()} if "@" in wanted else {"number": wanted}
    lines: tuple[Line, ...] = ()
    if wanted:
        lines = await face.desk.store.read(lambda reads: console.find_cases(reads, who.roles, **by_address))
    return face.page("search.html", who=who, lines=lines, wanted=wanted)


def _stand(counts: Mapping[tuple[str, str], int]) -> str:
    return ".".join(f"{key}-{kind}-{number}" for (key, kind), number in sorted(counts.items()))


def _kinds(counts: Mapping[tuple[str, str], int], organisation: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for (key, kind), number in counts.items():
        if not organisation or key == organisation:
            found[kind] += number
    return {kind.value: found[kind.value] for kind in WorkKind if found[kind.value]}


def _organisations(counts: Mapping[tuple[str, str], int], roles: Mapping[str, str]) -> dict[str, int]:
    return {key: sum(number for (owner, _), number in counts.items() if owner == key) for key in roles}
