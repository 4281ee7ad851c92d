"""What stands below a mail without being part of it: signatures, the lines of telephones and apps, disclaimers.

A sentence of the sender that looks like one ("Verstuurd via uw webshop, nooit ontvangen") stays: a first person, or a
wish, is no small print. Quotes are another room (`quotes`).
"""

from __future__ import annotations

import re

_MAX_SIGNATURE = 16  # filled lines; a long text below "--" is more of the letter

_SIGNATURE = re.compile(r"^(?:--|—|–)\s?$")
_WISH = re.compile(
    r"\b(?:ik|wij)\s(?:\w+\s){0,3}?(?:wil|willen|verzoek\w*|vraag|vragen|eis\w*|vind|ben|zijn|heb|hebben|zou|krijg|ontvang\w*|maak|doe|geef|trek)\b"
    r"|\b(?:wil|verzoek|vraag|eis|zou|heb|krijg|maak|trek|ben)\s(?:ik|wij)\b|\bgraag\b.{0,60}\b(?:mijn|inzage|gegevens|wissen|verwijder\w*)"
    r"|\b(?:gelieve|wilt\su|kunt\su|wil\sje|kun\sje|verwijder|wis)\b.{0,60}\bmijn\b",
    re.I,
)
_DEVICE = re.compile(
    r"""^\W{0,3}(?:
        (?:verzonden|verstuurd|sent|gesendet|envoyé)\s(?:vanaf|vanuit|from|von|depuis)\s.{1,80}
        |(?:verzonden|verstuurd|sent|gesendet|envoyé)\s(?:van|met|via|with|using|mit|door|de|op)\s.{0,40}
            (?:outlook|mail|iphone|ipad|ios|android|samsung|galaxy|huawei|xiaomi|oneplus|pixel|nokia|sony|proton|tuta|yahoo|spark|edison|k-9|
            blackberry|windows|thunderbird|ziggo|kpn|tablet|telefoon|phone|mobiel|app|toestel|apparaat|gsm|hey|superhuman|airmail)\b.{0,40}
        |(?:van|vanaf|von)\s(?:mijn|meinem)\s.{1,30}\s(?:verzonden|verstuurd|gesendet)
        |(?:outlook|mail)\s(?:voor|for|für|pour)\s(?:ios|android|windows|mac)\b.{0,80}
        |(?:download|get|haal)\s(?:outlook|bluemail|spark)\b.{0,80}
        |yahoo\smail\s?:.{0,60}
        |virusvrij\b.{0,60}
        |beveiligd\s(?:met|door)\s(?:tuta|proton).{0,60}
    )$""",
    re.I | re.X,
)
_DISCLAIMER = re.compile(
    r"""^\W{0,3}(?:
        (?:disclaimer|proclaimer)\b
        |(?:dit|deze|this|diese|ce)\s(?:e-?mail)?\s?(?:bericht|e-?mail|message|nachricht)\s?(?:\(?(?:en|inclusief|met|and|und|et)\s.{0,60})?\s?
            (?:is|zijn|kan|bevat|may|contains|and|ist|enthält|est|peut)\s
            .{0,60}?(?:uitsluitend|alleen|vertrouwelijk|confidenti|privileged|intended|vertraulich)
        |de\s(?:in\s(?:dit|deze)\s.{0,40}|informatie\s(?:\w+\s){0,2}in\s(?:dit|deze)\s(?:e-?mail)?.{0,20})
            (?:is|verzonden|bericht|e-?mail).{0,80}(?:uitsluitend|vertrouwelijk|bestemd)
        |(?:the\s)?information\s(?:contained\s|transmitted\s)?(?:in|by)\sthis\s.{0,40}(?:is|may|confidential)
        |aan\s(?:dit|deze)\s.{0,20}(?:bericht|e-?mail).{0,20}kunnen\sgeen\srechten
        |(?:denk|think|please\sconsider|spaar)\b.{0,30}(?:milieu|environment)
        |op\s(?:al\s)?(?:onze|alle).{0,60}(?:algemene\s|leverings)?voorwaarden.{0,40}van\stoepassing
    )""",
    re.I | re.X,
)


def holds_wish(text: str) -> bool:
    """Whether somebody asks or states something here in the first person."""
    return _WISH.search(text) is not None


def is_device_line(line: str) -> bool:
    return _DEVICE.match(line) is not None and _WISH.search(line) is None


def signature_end(heads: list[str], index: int, end: int, quoted: re.Pattern[str]) -> int:
    """Where the signature that begins here ends; 0 when none begins. Only the mark goes when a letter stands below."""
    if not _SIGNATURE.match(heads[index]):
        return 0
    filled = 0
    for stop in range(index + 1, end):
        line = heads[stop]
        if quoted.match(line):
            return stop
        filled += not line.isspace() and line != ""
        if filled > _MAX_SIGNATURE or _WISH.search(line):
            return index + 1
    return end


def disclaimer_end(heads: list[str], index: int, end: int, quoted: re.Pattern[str]) -> int:
    """Where the paragraph of small print that begins here ends; 0 when none begins."""
    if not _DISCLAIMER.match(heads[index]):
        return 0
    stop = index
    while stop < end and heads[stop].strip() and not quoted.match(heads[stop]):
        if _WISH.search(heads[stop]):
            return 0
        stop += 1
    return max(stop, index + 1)
