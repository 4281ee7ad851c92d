"""Which handler prepares which request type: the one list."""

from __future__ import annotations

from collections.abc import Mapping

from cases.types import Label
from handlers.afmelden import Afmelden
from handlers.annuleren import Annuleren
from handlers.base import Handler
from handlers.beperking import Beperking
from handlers.besluit import Besluit
from handlers.bezwaar import Bezwaar
from handlers.correctie import Correctie
from handlers.intrekken import Intrekken
from handlers.inzage import Inzage
from handlers.klacht import Klacht
from handlers.overdracht import Overdracht
from handlers.overig import Overig
from handlers.status import Status
from handlers.verwijdering import Verwijdering
from handlers.vraag import Vraag

HANDLERS: Mapping[Label, Handler] = {
    Label.INZAGE: Inzage(),
    Label.CORRECTIE: Correctie(),
    Label.VERWIJDERING: Verwijdering(),
    Label.KLACHT: Klacht(),
    Label.AFMELDEN: Afmelden(),
    Label.OVERDRACHT: Overdracht(),
    Label.BEPERKING: Beperking(),
    Label.BEZWAAR: Bezwaar(),
    Label.INTREKKEN: Intrekken(),
    Label.BESLUIT: Besluit(),
    Label.VRAAG: Vraag(),
    Label.STATUS: Status(),
    Label.ANNULEREN: Annuleren(),
    Label.OVERIG: Overig(),
}
