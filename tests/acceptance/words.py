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
    "Hallo,\n\nIk stap over naar een andere aanbieder. Kunnen jullie mijn gegevens als .csv-bestand exporteren zodat ik "
    "ze kan meenemen?\n\nGroet,\n"
)
DECISION = (
    "Hallo,\n\nJullie hebben mijn bestelling automatisch afgewezen. Ik ben het niet eens met dat geautomatiseerde "
    "besluit (artikel 22 AVG).\n\nGroet,\n"
)
OBJECT_STATISTICS = "Hallo,\n\nIk maak bezwaar tegen het gebruik van mijn gegevens voor statistieken.\n\nGroet,\n"

CUSTOMER: Known = known("whatnext", Role.CURRENT)
OTHER: Known = known("whatnext", Role.UNPAID)
MOVED: Known = known("whatnext", Role.OLD_EMAIL)  # writes from another address than the one on file
UNKNOWN = "quirijn@nergensbekend.example"
THIEF = "snelle.jongen@elders.example"

LETTERS: dict[str, Letter] = {letter.key: letter for letter in ready_letters()}
