"""The ready letters of the demo: what customers of small firms really ask, in different voices. All people invented."""

from __future__ import annotations

from dataclasses import dataclass

from bot.demo.known import Known, Role, known


@dataclass(frozen=True, slots=True)
class Letter:
    key: str
    title: str
    description: str
    organisation: str
    name: str
    address: str
    subject: str
    text: str


def _of(person: Known, key: str, organisation: str, title: str, description: str, subject: str, text: str) -> Letter:
    return Letter(key, title, description, organisation, person.name, person.writes_from, subject, text)


def ready_letters() -> tuple[Letter, ...]:
    """In the order in which the demo shows them."""
    marieke, trijntje, sharmila = (known("whatnext", role) for role in (Role.CURRENT, Role.FORMER, Role.OLD_EMAIL))
    naima, elif_, lotte, joke = (
        known("weservit", Role.UNPAID), known("nexxt", Role.CURRENT), known("webanizr", Role.CURRENT),
        known("winkeltjes", Role.FIRM),
    )  # fmt: skip
    return (
        _of(
            marieke,
            "inzage",
            "whatnext",
            "Inzage door een klant",
            "Duidelijk verzoek, het adres is bekend",
            "Welke gegevens hebben jullie van mij?",
            "Hallo,\n\nIk ben al een paar jaar klant bij jullie en wil graag weten welke persoonsgegevens jullie van mij "
            "hebben opgeslagen. Kunnen jullie me een overzicht sturen van alles wat er over mij bekend is?\n\n"
            f"Alvast bedankt!\n\nGroetjes,\n{marieke.name}",
        ),
        Letter(
            "onbekend",
            "Een onbekende vraagt inzage",
            "Staat in geen enkel systeem: 'niets gevonden onder dit adres'",
            "weservit",
            "Quirijn Onbekendeman",
            "quirijn@nergensbekend.example",
            "Verzoek om inzage (artikel 15 AVG)",
            "Geachte heer, mevrouw,\n\nOp grond van artikel 15 van de AVG verzoek ik u mij inzage te geven in de "
            "persoonsgegevens die u van mij verwerkt. Ik ontvang graag een kopie.\n\nHoogachtend,\nQ. Onbekendeman",
        ),
        Letter(
            "bedrieger",
            "Een bedrieger doet zich voor als klant",
            "Noemt het klantnummer van een ander; de code gaat stil naar het bekende adres",
            "whatnext",
            marieke.name,
            "snelle.jongen@elders.example",
            "inzage gegevens klant " + marieke.customer_number,
            f"Goedendag, ik ben {marieke.name}, klantnummer {marieke.customer_number}. Ik heb een nieuw mailadres. "
            "Stuur mij een kopie van al mijn gegevens, ook mijn rekeningnummer. Het heeft haast.",
        ),
        _of(
            sharmila,
            "oud-adres",
            "whatnext",
            "Klant met een nieuw e-mailadres",
            "Twee codes: een naar het nieuwe adres, een naar het oude dat bekend is",
            "inzage in mijn gegevens",
            "Beste mensen,\n\nIk zou graag willen zien welke gegevens u over mij bewaart. Ik mail nu vanaf een ander "
            f"adres dan vroeger; mijn klantnummer is {sharmila.customer_number}.\n\nGroet,\n{sharmila.name}",
        ),
        _of(
            trijntje,
            "wissen-factuur",
            "whatnext",
            "Alles wissen, maar er is een factuur",
            "Oud-klant; facturen moeten zeven jaar blijven",
            "Verwijder al mijn gegevens",
            "Hoi,\n\nIk ben al een tijdje geen klant meer. Ik wil dat jullie alles wat jullie over mij hebben wissen: "
            f"naam, adres, telefoon, alles.\n\nGroeten, {trijntje.name}",
        ),
        _of(
            naima,
            "inzage-wissen",
            "weservit",
            "Eerst een kopie, dan alles weg",
            "Twee verzoeken in een mail",
            "kopie en verwijdering",
            "Goedemiddag,\n\nStuur mij eerst een kopie van alle persoonsgegevens die u van mij "
            f"heeft. Daarna wil ik dat u mijn gegevens verwijdert.\n\nMet vriendelijke groet,\n{naima.name}",
        ),
        _of(
            elif_,
            "correctie",
            "nexxt",
            "Verhuisd",
            "Nieuw adres doorgeven",
            "adreswijziging",
            "Geachte NEXXT Journeys,\n\nIk ben verhuisd. Mijn adres klopt dus niet meer in uw administratie. Wilt u het "
            f"aanpassen naar Lisdoddelaan 8, 2533 ZC Den Haag?\n\nVriendelijke groet,\n{elif_.name}",
        ),
        _of(
            lotte,
            "afmelden",
            "webanizr",
            "Geen nieuwsbrief meer",
            "Afmelden kan altijd, zonder bewijs",
            "nieuwsbrief",
            "Hee, kunnen jullie mij van de nieuwsbrief afhalen? Ik wil geen reclame meer ontvangen.\n\nLotte",
        ),
        _of(
            joke,
            "klacht",
            "winkeltjes",
            "Een klacht",
            "Boos over andermans factuur",
            "Klacht over mijn gegevens",
            "Ik ben hier echt niet blij mee. Gisteren kreeg ik van jullie de factuur van iemand anders in mijn mailbox, met "
            "naam en adres erop! Hoe gaan jullie eigenlijk met mijn persoonsgegevens om? Ik wil hierover een klacht "
            f"indienen.\n\n{joke.name}",
        ),
        Letter(
            "mens",
            "Iemand wil een mens spreken",
            "De assistent zwijgt, een medewerker neemt het over",
            "weservit",
            "Gerrit Oudendijkman",
            "gerrit@thuismail.example",
            "vraag over privacy",
            "Ik wil weten welke gegevens u van mij heeft, maar ik wil dat met een medewerker bespreken en niet met een "
            "computer. Kan iemand mij bellen?\n\nG. Oudendijkman",
        ),
        Letter(
            "geen-verzoek",
            "Gewone post",
            "Geen privacyverzoek: blijft bij de post voor collega's",
            "whatnext",
            "Sander Websitema",
            "sander@post.example",
            "Website doet het niet",
            "Hoi, sinds vanmorgen krijg ik een foutmelding 500 als ik mijn website open. Kunnen jullie even kijken? "
            "Ik heb gisteren een update van WordPress gedaan.\n\nGroet, Sander",
        ),
        Letter(
            "twijfel",
            "Een twijfelgeval",
            "Gaat naar de stapel om te beoordelen",
            "nexxt",
            "Ietje Vaagstra",
            "ietje@post.example",
            "vraagje",
            "Hallo, ik las iets over privacy en mijn gegevens en ik vroeg me af hoe dat nou precies zit bij jullie. "
            "Het zit me niet lekker. Wat kan ik doen?",
        ),
    )
