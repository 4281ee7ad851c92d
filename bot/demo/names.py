"""Material for invented people: names of the many origins that live in the Netherlands, streets, places, firms.

No person, address or firm here exists; all mail domains end in `.example` (RFC 2606).
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", "|").split("|") if part.strip())


# Dutch, Frisian, Flemish, Surinamese, Turkish, Moroccan, Antillean, Polish, Romanian, Asian and more.
FIRST_NAMES = _words(
    """
    Sanne Daan Femke Lars Lotte Bram Maud Thijs Noor Jesse Eline Ruben Anouk Stijn Marloes Wouter Ilse Koen Joke
    Hendrik Truus Cor Greet Piet Anneke Wim Lies Arnold Sietske Jelle Wytske Tjeerd Froukje Sjoerd Hylkje Douwe
    Nynke Wiebe Lieselot Wannes Goedele Maarten Annelies Joris Gracia Rinaldo Xaviera Iwan Sharmila Radjesh
    Cheyenne Orlando Ayşe Mehmet Elif Emre Zeynep Yusuf Özlem Hakan Fatima Youssef Naima Rachid Samira Khalid
    Hanane Bilal Shanaya Edwardo Ruthmila Gyonne Agnieszka Tomasz Katarzyna Piotr Ioana Andrei Mei Jian Linh Minh
    Putri Budi Dewi Zoë André Renée Loïs Chloé Jürgen Siân Amina Tesfay Selam Hodan Omid Parisa Hassan Rima
    """
)

LAST_NAMES = _parts(
    """
    de Voorbeeld|van den Verzinsel|Jansma|de Vriesema|van der Molenaar|Bakkerink|Visserman|Smitsma|Meijerhof|
    Mulderink|de Grootveld|Bosveld|Vosmeer|Petersma|Hendrikx-Vos|van Dijkhuis|Dekkerland|van Leeuwenhart|
    de Wittebrug|Koningsveld|Hoekstra-Bos|Dijkstraat|Wiersmaat|Postma-Veen|Terpstraat|Zijlmans|Kooijmansveld|
    't Hoenstra|van 't Woudhek|in 't Zandt|Vermeerschen|Van Hoeckvelde|Peetersen|D'Hondtlaer|Claesens|Pengelaar|
    Ramdhanie|Bhagwandas-Kalpoe|Amstelveld|Kartosenoman|Wijdenbosch-Vos|Yıldızhan|Kayaalpay|Öztürkmen|Demirelay|
    Çelikkol|Şahinoğlu|El Amraouiti|Benhaddounia|Ait Lahsinou|Bouzianiou|El Yaacoubian|Tahirioui|Martinanja|
    Croesvelt|Marthasen|Kowalskowa|Nowackier|Popescanu|Ionescuta|Chenwei|Nguyenanh|Wijayakusumo|Hartonoto|
    Tesfamichaelu|Abdiwali|Mohammadian|Haddadin|Lefèvrier|Müllerhof|Ångstromme|O'Reillyan|García-Voorbeeld|
    Sørensdal|Novákov
    """
)

STREETS = _parts(
    """
    Wilgenrooslaan|Koperwiekstraat|Zonnedauwpad|Torenvalkhof|Lisdoddelaan|Beukennootstraat|Veldbloemweg|
    Glasblazerskade|Kaardebolstraat|Turfstekersdijk|Oude Klompenmakerij|Pottenbakkerssingel|Laan van Verzinsel|
    Papegaaiduikerweg|Hooiwagenpad|Korenmolenerf|Steenuilstraat|Waterlelieplein|Nieuwe Voorbeeldgracht|
    1e Kruisbessendwarsstraat
    """
)

# Place and the first four figures of its postcodes.
PLACES = (
    ("Amsterdam", 1011, 1109),
    ("Haarlem", 2011, 2037),
    ("Leiden", 2311, 2334),
    ("'s-Gravenhage", 2491, 2597),
    ("Rotterdam", 3011, 3089),
    ("Utrecht", 3511, 3585),
    ("Amersfoort", 3811, 3829),
    ("Middelburg", 4331, 4341),
    ("Breda", 4811, 4839),
    ("'s-Hertogenbosch", 5211, 5237),
    ("Eindhoven", 5611, 5658),
    ("Maastricht", 6211, 6229),
    ("Nijmegen", 6511, 6546),
    ("Arnhem", 6811, 6846),
    ("Enschede", 7511, 7548),
    ("Zwolle", 8011, 8043),
    ("Leeuwarden", 8911, 8941),
    ("Groningen", 9711, 9747),
)

# A subscriber number that starts with 1 is never given out in the Netherlands.
AREA_CODES = ("010", "020", "023", "030", "040", "050", "058", "070", "071", "073")

FIRM_STARTS = _words(
    """
    Noorder Zuider Blauwe Gouden Kleine Verse Stille Snelle Groene Ronde Wakkere Houten
    """
)
FIRM_ENDS = _words(
    """
    Bakkerij Fietsen Bloemen Kappers Advies Meubels Koffie Media Tuinen Boeken Schilders Praktijk
    """
)
LEGAL_FORMS = ("", "", "B.V.", "V.O.F.", "& Zn.")

MAIL_DOMAINS = ("post.example", "brievenbus.example", "thuismail.example", "mijnpost.example", "kpost.example")
FICTITIOUS_BANKS = (("NEPB", "Neppe Bank"), ("FICT", "Fictiebank"), ("VZNB", "Verzonnen Bank"))
EMPLOYEES = ("medewerker 1", "medewerker 2", "medewerker 3")

QUESTIONS = (
    ("Vraag over factuur", "Belde over de factuur van vorige maand; uitgelegd en akkoord."),
    ("Mail komt niet aan", "Mail op de telefoon ingesteld, werkt weer."),
    ("Verhuizing", "Nieuw adres doorgegeven, aangepast in het systeem."),
    ("Domein verhuizen", "Verhuiscode gestuurd naar het adres op het account."),
    ("Traag", "Site was traag door een plug-in; klant heeft die uitgezet."),
    ("Opzeggen?", "Twijfelt over opzeggen, belt zelf terug. Vriendelijk, praat veel."),
    ("Storing", "Storing gemeld, dezelfde dag verholpen."),
)
