"""The few customers that the demonstration's letters and the tests know by name; the rest are drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Why somebody is known: what an answer to this person has to deal with."""

    CURRENT = "current"  # a customer with domains, orders and paid invoices
    UNPAID = "unpaid"  # the last invoice is open: a claim may stand against erasure, art. 17(3)(e)
    FORMER = "former"  # left two years ago; some invoices are past seven years, some are not
    OLD_EMAIL = "old_email"  # writes from another address than the one on file
    NO_INVOICES = "no_invoices"  # nothing has to be kept for the tax office
    FIRM = "firm"  # a one-person firm: its data are the person's
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Known:
    role: Role
    customer_number: str
    first: str
    last: str
    street: str
    house_number: str
    postcode: str
    place: str
    phone: str
    email: str  # on file
    writes_from: str  # differs for OLD_EMAIL only
    company: str = ""

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


_ROLES = (Role.CURRENT, Role.UNPAID, Role.FORMER, Role.OLD_EMAIL, Role.NO_INVOICES, Role.FIRM)

# first, last, street, number, postcode, place, phone, address on file; in the order of _ROLES
_PEOPLE = {
    "whatnext": """
Marieke|van den Verzinsel|Wilgenrooslaan|12|1024 KX|Amsterdam|020 123 4501|marieke@verzinsel.example
Ömer|Yıldızhan|Koperwiekstraat|8-2|3035 WT|Rotterdam|010 123 4502|omer.yildizhan@post.example
Trijntje|Terpstraat|Torenvalkhof|31|8921 BN|Leeuwarden|058 123 4503|trijntje@thuismail.example
Sharmila|Ramdhanie|Lisdoddelaan|104|2533 ZC|'s-Gravenhage|070 123 4504|sharmila.oud@brievenbus.example
Jip|Jansma|Zonnedauwpad|5|9721 HG|Groningen|050 123 4505|jip@post.example
Annelies|Claesens|Glasblazerskade|77 bis|3521 VR|Utrecht|030 123 4506|info@groenetuinen.example|Groene Tuinen""",
    "weservit": """
Hendrik|Bosveld|Veldbloemweg|3|5231 PL|'s-Hertogenbosch|073 123 4511|h.bosveld@thuismail.example
Naima|El Amraouiti|Beukennootstraat|19a|5622 DK|Eindhoven|040 123 4512|naima@post.example
Wouter|Kooijmansveld|Kaardebolstraat|260|4822 RT|Breda|010 123 4513|wouter@mijnpost.example
Gré|de Grootveld|Turfstekersdijk|1|6542 LM|Nijmegen|020 123 4514|gre.degrootveld@kpost.example
Budi|Hartonoto|Hooiwagenpad|44|5215 GE|'s-Hertogenbosch|073 123 4515|budi@brievenbus.example
Rinaldo|Pengelaar|Steenuilstraat|9|5651 XN|Eindhoven|040 123 4516|rinaldo@wakkerekoffie.example|Wakkere Koffie""",
    "nexxt": """
Elif|Demirelay|Waterlelieplein|16|3543 AK|Utrecht|030 123 4521|elif@post.example
Maarten|Vermeerschen|Nieuwe Voorbeeldgracht|201|2312 JB|Leiden|071 123 4522|maarten@kpost.example
Wytske|Wiersmaat|Korenmolenerf|6|8932 TC|Leeuwarden|058 123 4523|wytske@thuismail.example
Andrei|Popescanu|Steenuilstraat|88|1062 VN|Amsterdam|020 123 4524|andrei.oud@mijnpost.example
Zoë|Lefèvrier|Wilgenrooslaan|2|6221 RH|Maastricht|010 123 4525|zoe@brievenbus.example
Khalid|Tahirioui|Pottenbakkerssingel|35|2033 GD|Haarlem|023 123 4526|khalid@blauwemedia.example|Blauwe Media""",
    "webanizr": """
Lotte|Dekkerland|Papegaaiduikerweg|14|3825 MB|Amersfoort|030 123 4531|lotte@post.example
Tomasz|Kowalskowa|Kaardebolstraat|7|7531 EW|Enschede|050 123 4532|tomasz@thuismail.example
Siân|O'Reillyan|Zonnedauwpad|92|6832 KC|Arnhem|020 123 4533|sian@mijnpost.example
Fatima|Benhaddounia|Oude Klompenmakerij|28|2552 PS|'s-Gravenhage|070 123 4534|fatima.oud@kpost.example
Douwe|Postma-Veen|Lisdoddelaan|11|8017 NJ|Zwolle|058 123 4535|douwe@brievenbus.example
Linh|Nguyenanh|Glasblazerskade|50|3077 DV|Rotterdam|010 123 4536|linh@kleinebloemen.example|Kleine Bloemen""",
    "winkeltjes": """
Ilse|Vosmeer|1e Kruisbessendwarsstraat|23|1068 HB|Amsterdam|020 123 4541|ilse@thuismail.example
Iwan|Kartosenoman|Hooiwagenpad|17|3024 LR|Rotterdam|010 123 4542|iwan@post.example
Nynke|Zijlmans|Korenmolenerf|40|9744 CX|Groningen|050 123 4543|nynke@kpost.example
Parisa|Mohammadian|Torenvalkhof|66|3571 WE|Utrecht|030 123 4544|parisa.oud@brievenbus.example
Edwardo|Martinanja|Veldbloemweg|101|5643 TD|Eindhoven|040 123 4545|edwardo@mijnpost.example
Joke|van 't Woudhek|Beukennootstraat|4|2324 GP|Leiden|071 123 4546|joke@versebakkerij.example|Verse Bakkerij""",
}
# Prefix and the number before the first.
_NUMBERS = {
    "whatnext": ("WN", 10_000),
    "weservit": ("", 448_800),
    "nexxt": ("NJ-", 10_000),
    "webanizr": ("", 70_000),
    "winkeltjes": ("W", 31_000),
}


def customer_number(organisation: str, index: int) -> str:
    """The number of the index-th customer, from 1."""
    prefix, base = _NUMBERS[organisation]
    return f"{prefix}{base + index}"


def _known(organisation: str) -> tuple[Known, ...]:
    people = []
    lines = _PEOPLE[organisation].strip().splitlines()
    for index, (role, line) in enumerate(zip(_ROLES, lines, strict=True), 1):
        first, last, street, house_number, postcode, place, phone, email, *company = line.split("|")
        people.append(
            Known(
                role=role,
                customer_number=customer_number(organisation, index),
                first=first,
                last=last,
                street=street,
                house_number=house_number,
                postcode=postcode,
                place=place,
                phone=phone,
                email=email,
                writes_from=email.replace(".oud@", "@").replace("kpost", "post") if role is Role.OLD_EMAIL else email,
                company="".join(company),
            )
        )
    return tuple(people)


KNOWN: dict[str, tuple[Known, ...]] = {organisation: _known(organisation) for organisation in _PEOPLE}


def known(organisation: str, role: Role) -> Known:
    """The customer of this organisation who is known for `role`."""
    return next(person for person in KNOWN[organisation] if person.role is role)
