"""Words that say of a value that it was (old) or is to be (new): single ones by class, and turns of phrase.

A class stands for the words of all languages that say the same, so that what was learned of "niet 7 maar 9" holds for
"not 7 but 9" as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_CLASSES = {
    "old": "oud oude oudere vorige vorig was waren werd vroeger voorheen eerst stond stonden heette bisher bisherige "
    "alte alten old previous former formerly ancien ancienne vervalt vervallen opgeheven vroegere toen destijds",
    "bad": "fout foute foutief foutieve verkeerd verkeerde onjuist onjuiste onjuistheid wrong incorrect falsch faux "
    "klopt tikfout typo vergissing verward verwisseld weg eruit overleden foutje niks",
    "new": "nieuw nieuwe voortaan nu vanaf sinds sedert jetzt neu neue neuen künftig new now from-now nouveau nouvelle "
    "nij tegenwoordig inmiddels ingaande",
    "must": "moet moeten mot dient dienen hoort behoort should must muss soll doit wordt worden wird wilt mag "
    "maak maken "
    "zet zetten verander veranderen veranderd wijzigen wijzig gewijzigd aanpassen aangepast vervang vervangen "
    "corrigeren "
    "change correct ändern graag gelieve liefst please bitte",
    "good": "juist juiste goed goede goeie correcte richtig richtige luidt luiden lautet zijn heet heten "
    "eigenlijk echt "
    "officieel officiële wel dus namelijk weer",
    "is": "is zijn bin ben bent 's ist est are am sein wees 't",
    "not": "niet geen nie ni neet not nicht kein keine pas non nooit",
    "but": "maar mer mar doch sondern aber but mais echter evenwel terwijl",
    "instead": "ipv i.p.v plaats statt instead rather zonder vervanging",
    "to": "naar in → > - nach to à auf door into tot",
    "of": "van from von uit de vanaf",
    "stands": "staat staan sta stond vermeld vermeldt genoteerd geregistreerd registreerde opgenomen steht says "
    "geschreven "
    "schrijft schreef schrijven gespeld gericht aangeschreven aangesproken spelt hanteert gebruikt genoemd noemt "
    "bezorgd "
    "bekend aangeduid vermelding",
    "you": "u jullie je jij ge gij uw ihr sie you your vous gij ow",
    "i": "ik wij we mijn mn me ons onze my i we ich wir unser meine mein nous je mij",
    "have": "heeft hebben hebt had hadden has have haben",
    "and": "en and und et ook also",
    "stays": "blijft blijven ongewijzigd gelijk hetzelfde zelfde klopt stays bleibt unchanged behouden intact "
    "ongewijzigde mee",
    "reach": "bel bellen belt app appen sms whatsapp bereikbaar bereiken telefonisch mailen call reach "
    "erreichbar terugbellen",
    "drop": "verwijderen wissen wis schrappen schrap weggooien vergeten verdwijnen delete remove vernietigen",
    "move": "verhuisd verhuis verhuizen verhuizing umgezogen moved woon woont wonen adres adreswijziging",
    "called": "naam achternaam voornaam familienaam tenaamstelling name surname namens aanhef aanspreekvorm titel",
    "who": "contactpersoon contactpersonen contact aanspreekpunt penningmeester voorzitter secretaris beheerder "
    "directeur "
    "opvolger opvolgster opvolgt collega vertrokken dienst pensioen neemt overgenomen ansprechpartner bestuurder "
    "boekhouder eigenaar technisch tech-c admin-c noodcontact gemachtigde",
}
CLASS = {word: name for name, words in _CLASSES.items() for word in words.split()}
_ARROWS = re.compile(r"→|->|=>|—>|>>")

_OLD_BEFORE = re.compile(
    r"\b(?:oude?|vorige?|was|waren|staat(?: er)?(?: nu| nog| nog steeds)?(?: als| op|"
    r" bij jullie als)?|stond(?: als)?|niet(?: meer)?(?: (?:aan|op|in|naar|te zenden naar))?(?: de| het)?|"
    r"geen|"
    r"ipv|i\.p\.v\.|in plaats van|instead of|rather than|vroeger|voorheen|statt|bisherige|"
    r"alte|not|van|from|geschreven als|heette|vermeldt u mij onder|pas|on nog)"
    r"(?: (?:ik |het |mijn |mn |onze |de |nog |op |papier |adres |nummer |huis |was |is |aan |naam |"
    r"Anschrift |war |winkel |nr |mail |mailadres |e-mailadres |e-mail )){0,4}[\s:=\"“'„(]{0,4}$",
    re.IGNORECASE,
)
_NEW_BEFORE = re.compile(
    r"(?:\b(?:wonen|woon|woont|umgezogen|verhuisd|moved to|it.s|adres is|nieuwe?|nij|"
    r"moet(?: dat)?(?: het)?(?: zijn| worden)?|mot(?: zijn)?|naar|nu|wordt|"
    r"worden|voortaan|maar|juiste|het is|dat is|heet|heten|luidt|luiden|lautet|"
    r"neue|auf|to|door|"
    r"is no|verander\w*(?: (?:het|dit|dat))?(?: naar| in)|wijzigen in|aanpassen naar|vanaf nu|"
    r"toegevoegd|toevoegen|zet deze erin|bereikbaar op|gewijzigd in|sinds kort|sinds|"
    r"correcte?|goede|wel)|→|->)"
    r"(?: (?:is|het|we|wij|ik|sedert|de|nu|dat|dan|adres|nummer|mobiele?|telefoonnummer|06|gsm|"
    r"mailadres|e-mailadres|mail|e-mail|rekening|rekeningnummer|iban|huis|winkel|pand|naam|achternaam|"
    r"wordt|zijn|op|aan|in|te|mijn|mn|onze|weer|gewoon|officieel|kvk|btw)){0,4}[\s:=,\"“'„(]{0,4}$",
    re.IGNORECASE,
)
_NEW_BEHIND = re.compile(
    r"^[\s\"”'),.]{0,3}(?:ipv|i\.p\.v\.|in plaats van|en niet|niet|not|en geen|instead of|statt|et "
    r"pas|zijn|worden|wezen|is (?:mijn|ons|het) nieuwe?|heet ik nu)\b",
    re.IGNORECASE,
)
_OLD_BEHIND = re.compile(
    r"^[\s\"”'),.]{0,3}(?:verlaten|wordt|moet|naar|→|->|is (?:fout|verkeerd|oud|niet meer|opgeheven|"
    r"vervallen)|klopt niet|bestaat niet|doet het niet|vervalt|mag (?:eruit|weg)|zonder|dat was|te "
    r"worden vervangen|en (?:dat )?moet|staat fout)",
    re.IGNORECASE,
)
_REACHED = re.compile(  # where the sender can be reached is no correction
    r"\b(?:bel|app|sms|mail|whatsapp|contact)\w*(?: (?:mij|me|ons|gerust|maar|even|dan|anders|liever|terug|u|je)){0,3} "
    r"(?:op|naar|via|onder) (?:het nummer )?$",
    re.IGNORECASE,
)
_SAYS = (  # of the sentence of a value
    (
        "stays",
        re.compile(
            r"\bblijft|\bblijven|\bongewijzigd|\bgelijk\b|\bstays|\bbleibt|\bunchanged|\bhetzelfde\b|"
            r"\bgewoon mee\b|\bzoals het is|\b(?:wijzig|verander)(?:t|en) niet|(?:→|->|:|=) klopt",
            re.I,
        ),
    ),
    (
        "drops",
        re.compile(
            r"verwijder|\bwissen|\bwis\b|schrap|weggooi|\beraf\b|niet meer gebruik|\bmoet(?:en)? weg|"
            r"\bmag (?:echt )?weg|\beruit\b|"
            r"opgeheven|vervallen|vervalt|doorhalen|\bstop\b|\bgehackt",
            re.I,
        ),
    ),
    (
        "reached",
        re.compile(r"\b(?:bel|bellen|belt|app|bereikbaar|bereiken|telefonisch|sms|call|reach|terugbellen)\b", re.I),
    ),
    (
        "leaves",
        re.compile(
            r"pensioen|uit dienst|\bweg\b|\beruit\b|vertrokken|verlaten|overleden|\bdood\b|stopt?\b|niet meer|"
            r"niet langer|geen contact|"
            r"verwijderen|\bwas\b|ex-|werkt|opgevolgd|bisher|voorheen|weggegaan|vorige|oude",
            re.I,
        ),
    ),
    (
        "comes",
        re.compile(
            r"neemt|overgenomen|\bwordt\b|voortaan|\bis nu\b|\berin\b|opvolg|\bvia\b|vervang|\bin (?:zijn|haar|"
            r"diens) plaats|künftig|"
            r"nieuwe?\b|op te nemen|moet\b|t\.a\.v|als contact|vermeld|bewindvoerder|\bmaar\b",
            re.I,
        ),
    ),
)
_GENDER = re.compile(
    r"\b(?:ik ben|is|het is|ze is|hij is|ben ik|ik,|een|zijn)(?: (?:al|toch|echt|gewoon|een|nog|immers|namelijk|"
    r"evenwel|echter))* "
    r"(?:(?P<she>vrouw|mevrouw|mevr|dame|meisje|weduwe|vrouwennaam)|(?P<he>man|heer|gozer|jongen|meneer|kerel))\b",
    re.IGNORECASE,
)
_HEADING = re.compile(  # of a list: what follows was, or is to be
    r"^[ \t*•-]*(?:(?P<old>oud|oude \w+|was|van|fout|vorige?|old|alt|huidig|bisher|staat nu|er staat)|"
    r"(?P<new>nieuwe? ?\w*|wordt|naar|in|juist|goed|new|neu|moet zijn|voortaan|correct))(?: adres| gegevens)?[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSING = re.compile(
    r"^\s*(?:[^\n]{0,20}\bgroet|met (?:dank|hoogachting|beste wensen)|hoogachtend|vriendelijke|mvg|gr\b|bedankt|dank|"
    r"alvast|mit (?:freundlich|best|lieb)|(?:(?:kind(?:est)?|best|warm) )?(?:regards|wishes)|best,|cordialement|bien à|"
    r"xx?\b|cheers|liefs|thanks|merci)",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE = re.compile(r"[a-z]{2}[.!?] +[A-Z]|[^\n]{70}")


def cues(text: str, start: int, end: int) -> Iterator[str]:
    """Names of what speaks for old or new right before and behind `text[start:end]`."""
    before, behind = text[max(start - 50, 0) : start], text[end : end + 40]
    if _OLD_BEFORE.search(before):
        yield "old before"
    if _NEW_BEFORE.search(before):
        yield "new before"
    if _OLD_BEHIND.match(behind):
        yield "old behind"
    if _NEW_BEHIND.match(behind):
        yield "new behind"
    if _REACHED.search(before):
        yield "reached"


def headings(text: str) -> list[tuple[int, str]]:
    """Where a list of old or of new values begins."""
    return [(match.end(), match.lastgroup or "") for match in _HEADING.finditer(text)]


def said(sentence: str, people: bool) -> frozenset[str]:
    """What a sentence says of the values in it; of people who come and go only when asked."""
    return frozenset(name for name, pattern in (_SAYS if people else _SAYS[:3]) if pattern.search(sentence))


def gender(text: str) -> str:
    """Of who is spoken of, where the words give it; "" when they do not."""
    match = _GENDER.search(text)
    return match.lastgroup or "" if match else ""


def closings(text: str) -> list[int]:
    """Where a message is closed: ends of "Met vriendelijke groet" and the like; thanks may also open one."""
    return [match.end() for match in _CLOSING.finditer(text) if match.start() > 0 or "groet" in match.group().lower()]


def signs(text: str, closed: Sequence[int], start: int, end: int) -> bool:
    """In the signature: behind a closing with no sentence between, or on a line in columns."""
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    if " | " in text[first : last if last >= 0 else None]:
        return True
    before = [at for at in closed if at <= start]
    return bool(before) and not _SENTENCE.search(text, before[-1], start)
