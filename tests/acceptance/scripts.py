"""Short conversations as data: who writes what to which house, what a colleague settles, and what the answer must say.

One script per request type and organisation that no longer conversation shows (`matrix`); `test_each_right` plays them.
What each answer must and must not hold follows from that organisation's statement and the law (law.md 5, 6 and 9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.demo.known import Known, Role, known
from cases.types import Label
from tests.acceptance.words import (
    ACCESS_U,
    COMPLAINT,
    COMPLAINT_U,
    DECISION,
    FREEZE_U,
    PORTABLE,
)

AP = "Autoriteit Persoonsgegevens"


@dataclass(frozen=True, slots=True)
class Holds:
    """What stands in one of the organisation's own databases afterwards."""

    database: str
    sql: str  # one value; its ? is the customer number
    value: object
    number: bool = False  # kept as a number there


@dataclass(frozen=True, slots=True)
class Script:
    label: Label
    organisation: str
    words: str
    says: tuple[str, ...]
    never: tuple[str, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict)  # settled by a colleague
    edits: Mapping[str, str] = field(default_factory=dict)  # written by one, in the free blocks
    state: str = "answered"
    holds: tuple[Holds, ...] = ()
    role: Role = Role.CURRENT

    @property
    def who(self) -> Known:
        return known(self.organisation, self.role)

    @property
    def name(self) -> str:
        return f"{self.label.value}-{self.organisation}"


# --- correctie: the value is checked, put right, and stands in no mail ------------------------------------------------

_PHONE_JE = "Hallo,\n\nMijn telefoonnummer klopt niet. Het oude nummer {old} moet {new} worden.\n\nGroet,\n"
_PHONE_U = (
    "Geachte heer, mevrouw,\n\nMijn telefoonnummer staat verkeerd bij u. Het oude nummer {old} moet {new} worden."
    "\n\nHoogachtend,\n"
)


def _phone(organisation: str, words: str, holds: Holds) -> Script:
    old = known(organisation, Role.CURRENT).phone
    new = old[:-1] + "9"
    return Script(
        Label.CORRECTIE, organisation, words.format(old=old, new=new), ("elefoon", "aangepast: 1", AP),
        never=(old, new), holds=(holds,),
    )  # fmt: skip


CORRECTIONS = (
    _phone(
        "weservit", _PHONE_U,
        Holds("weservit", "SELECT telefoonnummer LIKE '%9' FROM debiteur WHERE debnr = ?", 1, number=True),
    ),
    _phone(
        "nexxt", _PHONE_U, Holds("nexxt", "SELECT phone LIKE '%9' FROM contacts WHERE customer_ref = ?", 1)
    ),
    _phone(
        "webanizr", _PHONE_JE,
        Holds("webanizr-platform", "SELECT telefoon LIKE '%9' FROM accounts WHERE account_id = ?", 1, number=True),
    ),
    _phone(
        "winkeltjes", _PHONE_JE,
        Holds("winkeltjes", "SELECT tel LIKE '%9' FROM relaties WHERE relatienr = ?", 1),
    ),
)  # fmt: skip

# --- inzage: the recipients that NEXXT names, and passwords only as present -------------------------------------------

ACCESS = (
    Script(
        Label.INZAGE, "nexxt", ACCESS_U,
        ("ActiveCampaign", "MoneyBird", "Stripe", "Intercom", "Slack", "1 jaar", "/d/", AP),
    ),
)  # fmt: skip

# --- klacht: findings, remedy, a talk, the authority also where the statement is silent about it ----------------------

_FOUND = {"findings": "Een collega keek te ruim in het dossier.", "remedy": "Die toegang is er nu niet meer."}
COMPLAINTS = tuple(
    Script(
        Label.KLACHT, organisation, words, ("keek te ruim", "niet meer", "met iemand over praten", AP),
        chosen={"finding": "founded", "other_person": "yes"}, edits=_FOUND,
    )
    for organisation, words in (("whatnext", COMPLAINT), ("nexxt", COMPLAINT_U), ("webanizr", COMPLAINT))
)  # fmt: skip

# --- overdracht: what was provided on consent or contract, as a file; nothing goes ------------------------------------

_TAKE_U = (
    "Geachte heer, mevrouw,\n\nIk stap over naar een andere aanbieder. Kunt u mijn gegevens als .csv-bestand "
    "exporteren zodat ik ze kan meenemen?\n\nHoogachtend,\n"
)
PORTABILITY = tuple(
    Script(
        Label.OVERDRACHT,
        organisation,
        words,
        ("JSON", "CSV", "/d/", "gegevens blijven bij ons staan"),
        never=("We hebben beloofd",),
    )
    for organisation, words in (("weservit", _TAKE_U), ("webanizr", PORTABLE), ("winkeltjes", PORTABLE))
)

# --- beperking: frozen in the system, told before it is lifted, looked at again ---------------------------------------

_FREEZE = (
    "Hallo,\n\nMijn gegevens bij jullie kloppen niet. Zolang dat wordt uitgezocht wil ik dat jullie ze niet gebruiken. "
    "Ik vraag om beperking van de verwerking.\n\nGroet,\n"
)
FREEZES = (
    Script(
        Label.BEPERKING, "weservit", FREEZE_U, ("artikel 18 lid 1 onder a AVG", "voordat we uw gegevens weer"),
        chosen={"ground": "accuracy"},
    ),
    Script(
        Label.BEPERKING, "webanizr", _FREEZE, ("artikel 18 lid 1 onder a AVG", "voordat we je gegevens weer"),
        chosen={"ground": "accuracy"},
        holds=(Holds("webanizr-platform", "SELECT geblokkeerd FROM accounts WHERE account_id = ?", 1, number=True),),
    ),
    Script(
        Label.BEPERKING, "winkeltjes", _FREEZE, ("artikel 18 lid 1 onder c AVG", "voordat we je gegevens weer"),
        chosen={"ground": "claim"},
        holds=(Holds("winkeltjes", "SELECT geblokkeerd FROM relaties WHERE relatienr = ?", 1),),
    ),
)  # fmt: skip

# --- bezwaar: absolute against advertising, weighed where an interest is claimed --------------------------------------

OBJECTIONS = (
    Script(
        Label.BEZWAAR, "weservit",
        "Geachte heer, mevrouw,\n\nIk maak bezwaar tegen het profiel dat u van mij maakt voor advertenties."
        "\n\nHoogachtend,\n",
        ("valt er niets af te wegen", "profielen maken"), never=("dwingende",), chosen={"purposes": "profiling"},
    ),
    Script(
        Label.BEZWAAR, "nexxt",
        "Geachte heer, mevrouw,\n\nIk maak bezwaar tegen het gebruik van mijn gegevens voor geschenken en evenementen."
        "\n\nHoogachtend,\n",
        ("valt er niets af te wegen", "een geschenk sturen"), never=("dwingende",), chosen={"purposes": "gifts_events"},
    ),
    Script(
        Label.BEZWAAR, "winkeltjes",
        "Hallo,\n\nIk maak bezwaar tegen het gebruik van mijn gegevens voor jullie servers.\n\nGroet,\n",
        ("onze servers goed laten werken", "je krijgt gelijk"), never=("Telecom",),
        chosen={"purposes": "operation", "weighing": "stopped"},
    ),
)  # fmt: skip

# --- intrekken: what truly rests on consent stops, not backwards; the rest goes on and why ----------------------------

_CONSENT = "Hallo,\n\nIk trek mijn toestemming in voor {what}.\n\nGroet,\n"
WITHDRAWALS = (
    Script(
        Label.INTREKKEN, "whatnext", _CONSENT.format(what="het gebruik van mijn gegevens voor cookies"),
        ("was toen goed en blijft zo", "website"), chosen={"purposes": "analytics"},
    ),
    Script(
        Label.INTREKKEN, "nexxt",
        "Geachte heer, mevrouw,\n\nIk trek mijn toestemming in voor het gebruik van mijn beoordeling."
        "\n\nHoogachtend,\n",
        ("met uw beoordeling", "was toen goed en blijft zo"), chosen={"purposes": "review"},
    ),
    Script(
        Label.INTREKKEN, "webanizr", _CONSENT.format(what="het gebruik van mijn gegevens voor jullie mailing"),
        ("een nieuwsbrief sturen aan wie zich heeft ingeschreven", "was toen goed en blijft zo"),
        chosen={"purposes": "newsletter_subscribers"},
    ),
)  # fmt: skip

# --- besluit: none of these houses decides by machine alone; a person looked and says what ----------------------------

_DECISION_U = (
    "Geachte heer, mevrouw,\n\nU heeft mijn aanvraag automatisch afgewezen. Ik ben het niet eens met dat "
    "geautomatiseerde besluit (artikel 22 AVG).\n\nHoogachtend,\n"
)
DECISIONS = tuple(
    Script(
        Label.BESLUIT, organisation, words, ("alleen door een computer zijn genomen", "medewerker privacy", AP),
        chosen={"review": "none"},
    )
    for organisation, words in (
        ("weservit", _DECISION_U), ("nexxt", _DECISION_U), ("webanizr", DECISION), ("winkeltjes", DECISION)
    )
)  # fmt: skip

SCRIPTS: tuple[Script, ...] = (
    *ACCESS, *CORRECTIONS, *COMPLAINTS, *PORTABILITY, *FREEZES, *OBJECTIONS, *WITHDRAWALS, *DECISIONS
)  # fmt: skip
