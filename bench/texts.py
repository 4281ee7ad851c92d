"""What invented people write: requests per label, personal circumstances, names, and what mail programs hang below.

All of it is made up for the benchmark and is not part of the reader's corpus: the reader meets these words for the
first time. How a mail is built out of them is in `mails.py`.
"""

from __future__ import annotations

from pathlib import Path

_LINES = (Path(__file__).parent / "requests.txt").read_text(encoding="utf-8").splitlines()
# (label, subject, request); the label is what the writer means, for the report only.
REQUESTS = tuple((*line.split(" | ", 2),) for line in _LINES if not line.startswith("#"))

CONTEXTS: tuple[str, ...] = (
    "Ik ben sinds {year} klant en mijn klantnummer is {number}.",
    "Via jullie website heb ik in {year} een bestelling gedaan onder nummer {number}.",
    "Mijn domeinnaam {domain} staat bij jullie, op naam van {name}.",
    "Het gaat om het account dat hoort bij {address}.",
    "Tot {year} had ik een pakket bij jullie, daarna ben ik overgestapt.",
    "Wij hebben elkaar in {year} gesproken op een beurs; daarna kreeg ik een offerte met nummer {number}.",
    "U kent mij van de werkplaats aan de Molenweg {n}; het klantnummer is {number}.",
    "Ik schrijf u omdat ik mijn administratie van {year} aan het opruimen ben.",
    "Mijn zoon heeft het mij uitgelegd, maar ik schrijf dit zelf, voor mijzelf. Klantnummer {number}.",
    "Ik heb het eerst telefonisch geprobeerd, maar kreeg te horen dat dit per e-mail moet.",
    "Op de laatste factuur staat als kenmerk {number}.",
    "Mijn bedrijf {domain} is in {year} gestopt, maar ik krijg nog af en toe bericht.",
    "Ik woon zelf in Deventer en had de webwinkel {domain}.",
    "Een collega wees mij op uw privacyverklaring van {year}.",
)
CLOSINGS: tuple[str, ...] = (
    "Met vriendelijke groet,", "Groeten,", "Vriendelijke groet,", "Alvast bedankt.", "Hoogachtend,", "Groet,",
    "Met groet,", "Bij voorbaat dank.",
)  # fmt: skip
GREETINGS: tuple[str, ...] = (
    "Geachte heer, mevrouw,", "Beste mensen,", "Hallo,", "Goedemiddag,", "L.S.,", "Beste medewerker,",
    "Goedenavond,", "Dag,",
)  # fmt: skip
EXTRAS: tuple[str, ...] = (
    "", "", "Graag ontvang ik een ontvangstbevestiging.", "Laat u mij weten wanneer ik antwoord kan verwachten?",
    "Ik hoor graag binnen de wettelijke termijn van u.", "Als er nog iets nodig is, dan hoor ik dat graag.",
    "Dit verzoek doe ik voor het eerst.", "Een antwoord per e-mail is voor mij het handigst.",
)  # fmt: skip

_FIRST = (
    "Anouk Bram Cornelis Daphne Elif Femke Gijs Hanneke Ivo Jolanda Kees Lotte Marijke Niels Orhan Petra Quirijn Renée "
    "Sjoerd Thijs Ursula Veerle Wouter Xander Yara Zoë Aïsha Björn Coen Désirée"
)
_LAST = (
    "Achterberg Bosgraaf Coenradie Dijkhuizen Eikelboom Fluitman Groenewold Hagedoorn IJzerman Jonkmans Kloosterhuis "
    "Lindeboom Meulenbelt Nijenhuis Oosterveld Pietersma Quakkelaar Roelofsen Schuurmans Terpstra Uitentuis Veldkamp "
    "Wassenaar Zandvliet Brouwershaven Stevelmans Hoekzema Vlaardinger Kuipershoek Müller"
)
FIRST, LAST = tuple(_FIRST.split()), tuple(_LAST.split())

SIGNATURES: tuple[str, ...] = (
    "-- \n{name}\nMolenweg {n}, Deventer\ntel. 0570-{phone}\nwww.{domain}",
    "-- \n{name} | zelfstandig adviseur | {domain}",
    "Verzonden vanaf mijn iPhone",
    "Verstuurd vanaf Outlook voor Android",
    "",
    "",
)
DISCLAIMERS: tuple[str, ...] = (
    "Dit bericht en eventuele bijlagen zijn uitsluitend bestemd voor de geadresseerde. Gebruik door anderen is niet\n"
    "toegestaan. Ontvangt u dit bericht ten onrechte, dan verzoeken wij u de afzender te informeren en het te wissen.",
    "Disclaimer: de informatie in deze e-mail is vertrouwelijk en alleen bedoeld voor de geadresseerde.",
    "",
    "",
    "",
)
EARLIER: tuple[str, ...] = (
    "Beste {first},\n\nBedankt voor je bericht. De storing van vanmorgen is opgelost; je mail komt weer binnen.\n"
    "Heb je nog vragen, dan horen we het graag.\n\nGroet,\nde klantenservice",
    "Hoi {first},\n\nDe factuur van {year} staat klaar. Betalen kan binnen veertien dagen.\n\nAdministratie",
    "Beste {first},\n\nVanaf volgende maand verandert er iets aan de tarieven van je pakket. Je hoeft niets te doen.\n"
    "Meer weten? Kijk op de website bij het pakket dat je nu hebt.\n\nMet vriendelijke groet,\nhet team",
)
