"""Which handler prepares which request type: the one list."""

from __future__ import annotations

from collections.abc import Mapping

from cases.types import Label
from handlers.base import Handler
from handlers.generic import Generic
from handlers.inzage import Inzage

HANDLERS: Mapping[Label, Handler] = {
    Label.INZAGE: Inzage(),
    Label.CORRECTIE: Generic(Label.CORRECTIE),
    Label.VERWIJDERING: Generic(Label.VERWIJDERING),
    Label.KLACHT: Generic(Label.KLACHT),
    Label.AFMELDEN: Generic(Label.AFMELDEN),
    Label.OVERDRACHT: Generic(Label.OVERDRACHT),
    Label.BEPERKING: Generic(Label.BEPERKING),
    Label.BEZWAAR: Generic(Label.BEZWAAR),
    Label.INTREKKEN: Generic(Label.INTREKKEN),
    Label.BESLUIT: Generic(Label.BESLUIT),
    Label.VRAAG: Generic(Label.VRAAG),
    Label.STATUS: Generic(Label.STATUS),
    Label.ANNULEREN: Generic(Label.ANNULEREN),
    Label.OVERIG: Generic(Label.OVERIG),
}
