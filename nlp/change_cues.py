"""Words that say of a value that it was (old) or is to be (new): "niet ... maar", "is veranderd in", "i.p.v."."""

from __future__ import annotations

import re
from collections.abc import Iterator

_OLD_BEFORE = re.compile(
    r"(?:\boude?|\bvorige?|\bwas|\bwaren|\bstaat(?: er)?(?: nu| nog| nog steeds)?(?: als| op|"
    r" bij jullie als)?|\bstond(?: als)?|\bniet(?: meer)?(?: (?:aan|op|in|naar|te zenden naar))?(?: de| het)?|"
    r"\bgeen|"
    r"\bipv|\bi\.p\.v\.|\bin plaats van|\binstead of|\brather than|\bvroeger|\bvoorheen|\bstatt|\bbisherige|"
    r"\balte|\bnot|\bvan|\bfrom|\bgeschreven als|\bheette|\bvermeldt u mij onder|\bpas|\bon nog)"
    r"(?: (?:ik |het |mijn |mn |onze |de |nog |op |papier |adres |nummer |huis |was |is |aan |naam |"
    r"Anschrift |war |winkel |nr |mail |mailadres |e-mailadres |e-mail )){0,4}[\s:=\"“'„(]{0,4}$",
    re.IGNORECASE,
)
_NEW_BEFORE = re.compile(
    r"(?:\bwonen|\bwoon|\bwoont|\bumgezogen|\bverhuisd|\bmoved to|\bit.s|\badres is|\bnieuwe?|\bnij|"
    r"\bmoet(?: dat)?(?: het)?(?: zijn| worden)?|\bmot(?: zijn)?|\bnaar|\bnu|\bwordt|"
    r"\bworden|\bvoortaan|\bmaar|→|->|\bjuiste|\bhet is|\bdat is|\bheet|\bheten|\bluidt|\bluiden|\blautet|"
    r"\bneue|\bauf|\bto|\bdoor|"
    r"\bis no|\bverander\w*(?: (?:het|dit|dat))?(?: naar| in)|\bwijzigen in|\baanpassen naar|\bvanaf nu|"
    r"\btoegevoegd|\btoevoegen|\bzet deze erin|\bbereikbaar op|\bgewijzigd in|\bsinds kort|\bsinds|"
    r"\bcorrecte?|\bgoede|\bwel)"
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


def cues(text: str, start: int, end: int) -> Iterator[str]:
    """Names of what speaks for old or new right before and behind `text[start:end]`."""
    before, behind = text[max(start - 60, 0) : start], text[end : end + 40]
    if _OLD_BEFORE.search(before):
        yield "old before"
    if _NEW_BEFORE.search(before):
        yield "new before"
    if _OLD_BEHIND.match(behind):
        yield "old behind"
    if _NEW_BEHIND.match(behind):
        yield "new behind"
