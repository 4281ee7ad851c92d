"""What people write in the conversations, and whom they are. All invented; the customers are those of the samples."""

from __future__ import annotations

from bot.demo.known import Known, Role, known
from bot.demo.letters import Letter, ready_letters

ACCESS = (
    "Hallo,\n\nGraag ontvang ik een overzicht van alle persoonsgegevens die jullie van mij hebben. "
    "Dat is mijn recht volgens de AVG.\n\nGroet,\n"
)
ERASURE = "Hallo,\n\nIk wil dat jullie al mijn persoonsgegevens verwijderen.\n\nGroet,\n"
BOTH = (
    "Goedemiddag,\n\nStuur mij eerst een kopie van alle persoonsgegevens die u van mij heeft. Daarna wil ik dat u mijn "
    "gegevens verwijdert.\n\nMet vriendelijke groet,\n"
)
STATUS = "Hoe staat het met mijn verzoek?"
DROP = "Laat maar, ik trek mijn verzoek in."
NOT_ME = "Dit was ik niet, ik heb niets aangevraagd."
YES = "Ja, dat was ik."
DAILY = (
    "Hoi, sinds vanmorgen krijg ik een foutmelding 500 als ik mijn website open. Kunnen jullie even kijken? "
    "Ik heb gisteren een update van WordPress gedaan.\n\nGroet, Sander"
)

# The other rights, to a house that says "je".
STOP = "Hallo, ik wil geen nieuwsbrief en geen reclame meer van jullie ontvangen. Schrijf mij uit.\n\nGroet,\n"
OBJECT_FRAUD = "Hallo,\n\nIk maak bezwaar tegen het gebruik van mijn gegevens om fraude op te sporen.\n\nGroet,\n"
OBJECT_MAILINGS = "Hallo,\n\nIk maak bezwaar tegen het gebruik van mijn gegevens voor mailings en reclame.\n\nGroet,\n"
PORTABLE = (
    "Hallo,\n\nIk stap over naar een andere aanbieder. Kunnen jullie mijn gegevens als .csv-bestand exporteren zodat "
    "ik ze kan meenemen?\n\nGroet,\n"
)
DECISION = (
    "Hallo,\n\nJullie hebben mijn bestelling automatisch afgewezen. Ik ben het niet eens met dat geautomatiseerde "
    "besluit (artikel 22 AVG).\n\nGroet,\n"
)
COMPLAINT = (
    "Hallo,\n\nIk wil een klacht indienen over hoe jullie met mijn persoonsgegevens omgaan. Jullie delen mijn gegevens "
    "zonder dat ik dat weet.\n\nGroet,\n"
)
OBJECT_STATISTICS = "Hallo,\n\nIk maak bezwaar tegen het gebruik van mijn gegevens voor statistieken.\n\nGroet,\n"
# To a house that says "u".
ACCESS_U = (
    "Geachte heer, mevrouw,\n\nOp grond van artikel 15 van de AVG verzoek ik u mij inzage te geven in de "
    "persoonsgegevens die u van mij verwerkt. Ik ontvang graag een kopie.\n\nHoogachtend,\n"
)
ERASURE_U = "Geachte heer, mevrouw,\n\nIk wil dat u al mijn persoonsgegevens verwijdert.\n\nHoogachtend,\n"
STOP_U = "Goedemiddag, ik wil geen nieuwsbrief en geen reclame meer van u ontvangen. Schrijf mij uit.\n\nGroet,\n"
PORTABLE_U = (
    "Geachte heer, mevrouw,\n\nIk wil mijn gegevens meenemen naar een andere dienst. Stuurt u mij mijn gegevens in een "
    "machineleesbaar formaat, op grond van artikel 20 AVG.\n\nHoogachtend,\n"
)
FREEZE_U = (
    "Geachte heer, mevrouw,\n\nMijn gegevens bij u kloppen niet. Zolang dat wordt uitgezocht vraag ik u om beperking "
    "van de verwerking.\n\nHoogachtend,\n"
)
COMPLAINT_U = (
    "Geachte heer, mevrouw,\n\nIk wil een klacht indienen over hoe u met mijn persoonsgegevens omgaat. U deelt mijn "
    "gegevens zonder dat ik dat weet.\n\nHoogachtend,\n"
)

CUSTOMER: Known = known("whatnext", Role.CURRENT)
FORMER: Known = known("whatnext", Role.FORMER)  # of whom an erasure asks nothing back
OTHER: Known = known("whatnext", Role.UNPAID)
MOVED: Known = known("whatnext", Role.OLD_EMAIL)  # writes from another address than the one on file
UNKNOWN = "quirijn@nergensbekend.example"
THIEF = "snelle.jongen@elders.example"

LETTERS: dict[str, Letter] = {letter.key: letter for letter in ready_letters()}
