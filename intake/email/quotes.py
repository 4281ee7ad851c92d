"""The sender's own words: quotes, attribution lines, signatures and disclaimers cut from plain text.

Dutch first, English and German beside. The rules are by line; every pattern sees a bounded line. A customer's own
sentence that looks like a quote ("Op 1 mei schreef ik u al een brief:") must stay: what is missed costs more than what
is left in. If nothing is left, the whole text counts: privacy requests are often bare forwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_LINES = 3000
_LINE = 600  # characters of a line that the patterns look at

_MONTH = (
    r"(?:jan|feb|mrt|maart|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec|januari|februari|april|juni|juli|augustus|"
    r"september|oktober|november|december|january|february|march|june|july|august|october|mai|märz|dezember)"
)
_DATE = (
    r"(?:\d{1,2}[-/. ]\s?\d{1,2}[-/. ]\s?(?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}|"
    rf"\d{{1,2}}\.?\s+{_MONTH}\.?|{_MONTH}\.?\s+\d{{1,2}})"
)
_TIME = r"\d{1,2}[:.]\d{2}"
_OWN = r"(?:ik|wij|we|u|je|jij|jullie|men|i|you|ich|wir|sie|mijn|uw|onze|een)"  # then it is a sentence of the sender
_HAS_DATE = re.compile(_DATE, re.I)
_HAS_SURE = re.compile(rf"{_TIME}|[^\s<>@]{{1,100}}@[^\s<>@]{{1,100}}", re.I)
_ATTRIBUTION = re.compile(
    rf"""^(?:
        (?:op|on|am|le)\s(?:.{{0,200}}?)\b(?:schreef(?!\s+{_OWN}\b)|heeft(?!\s+{_OWN}\b)|wrote|schrieb(?!\s+{_OWN}\b)|a\s+écrit)\b.{{0,200}}
        | .{{1,150}}?(?<!\bik)(?<!\bwij)\s(?:schreef|wrote|schrieb)\s(?:op|on|am)\s.{{4,120}}
        | .{{1,150}}?\s<[^<>]{{3,120}}>\s(?:schreef|wrote|schrieb)
    )\s?:\s*$""",
    re.I | re.X,
)
_MAYBE_ATTRIBUTION = re.compile(r"^(?:op|on|am|le)\s.*\d|\b(?:schreef|wrote|schrieb)\b", re.I)
_YEAR = re.compile(r"\d{4}")
_HEEFT_END = re.compile(r"\bgeschreven\s?:\s*$", re.I)

_KEYS = {
    "from": r"van|from|von|de|afzender",
    "date": r"verzonden|verstuurd|datum|date|sent|gesendet|envoyé",
    "to": r"aan|to|an|à",
    "cc": r"cc|kopie|bcc",
    "subject": r"onderwerp|subject|betreff|objet",
    "reply": r"antwoord aan|beantwoorden|reply-to|antwort an",
}
_HEADER_LINE = re.compile(
    r"^[*_\s]*(?:" + "|".join(f"(?P<{key}>{words})" for key, words in _KEYS.items()) + r")[*_]*\s?:[*_]*(?:\s|$)", re.I
)
_HEADER_INLINE = re.compile(
    r"^[*_\s]*(?:van|from)[*_]*\s?:.{3,200}?\s(?:aan|verzonden|datum|to|sent|date)\s?:.{3,300}?\s(?:verzonden|aan|onderwerp|datum|subject|to)\s?:",
    re.I,
)
_SEPARATOR = re.compile(
    r"""^[\s>*]*(?:
        [-_=]{2,}\s*(?:oorspronkelijke?\s(?:bericht|e-?mail)|origineel\sbericht|original\s(?:message|mail)|ursprüngliche\snachricht)\b.*
        |[-_=]{2,}\s*(?P<forward>doorgestuurde?\s(?:bericht|e-?mail)|forwarded\smessage|weitergeleitete\snachricht|doorgestuurd\sdoor)\b.*
        |(?P<begin>begin\s(?:doorgestuurd\sbericht|forwarded\smessage)|begin\svan\sdoorgestuurd\sbericht)\s?:?
    )\s*$""",
    re.I | re.X,
)
_REPLY_LINE = re.compile(r"typ(?:\s(?:je|uw)\santwoord)?\sboven\sdeze\s(?:regel|lijn)|reply\sabove\sthis\sline", re.I)
_QUOTED = re.compile(r"^\s{0,3}(?:>|&gt;)")
_RULER = re.compile(r"^\s*[_\-=*]{5,}\s*$")
_SIGNATURE = re.compile(r"^--\s?$")
_MOBILE = re.compile(
    r"""^\W{0,3}(?:
        (?:verzonden|verstuurd|sent|gesendet)\s(?:vanaf|vanuit|van|met|via|from|with|using|mit|von)\s.{1,80}
        |(?:outlook|mail)\s(?:voor|for|für)\s(?:ios|android|windows|mac)\b.{0,80}
        |(?:download|get|haal)\s(?:outlook|bluemail|spark)\b.{0,80}
    )$""",
    re.I | re.X,
)
_DISCLAIMER = re.compile(
    r"""^\W{0,3}(?:
        disclaimer\b
        |(?:dit|deze|this)\s(?:e-?mail)?\s?(?:bericht|e-?mail|message)\s?(?:\(?(?:en|inclusief|met|and)\s.{0,60})?\s?(?:is|zijn|kan|bevat|may|contains|and)\s
            .{0,60}?(?:uitsluitend|alleen|vertrouwelijk|confidenti|privileged|intended)
        |de\s(?:in\s(?:dit|deze)\s.{0,40}|informatie\s(?:\w+\s){0,2}in\s(?:dit|deze)\s(?:e-?mail)?.{0,20})(?:is|verzonden|bericht|e-?mail).{0,80}(?:uitsluitend|vertrouwelijk|bestemd)
        |(?:the\s)?information\s(?:contained\s|transmitted\s)?(?:in|by)\sthis\s.{0,40}(?:is|may|confidential)
        |aan\s(?:dit|deze)\s.{0,20}(?:bericht|e-?mail).{0,20}kunnen\sgeen\srechten
        |(?:denk|think|please\sconsider|spaar)\b.{0,30}(?:milieu|environment)
        |op\s(?:al\s)?(?:onze|alle).{0,60}(?:algemene\s|leverings)?voorwaarden.{0,40}van\stoepassing
    )""",
    re.I | re.X,
)
_WORD = re.compile(r"\w")
# Lines that no rule can match are told by two cheap looks; the rules proper run on the few others.
_FIRST = re.compile(
    r"""\s{0,3}(?:>|&gt;)|[\s>*_]*[^\w\s]{2,}|\W{0,6}(?:op|on|am|le|van|from|von|de|afzender|verzonden|verstuurd|datum|date|sent|gesendet|envoyé|aan|to|an|à|
    cc|kopie|bcc|onderwerp|subject|betreff|objet|antwoord|beantwoorden|reply-to|antwort|begin|outlook|mail|download|get|haal|
    disclaimer|dit|deze|this|the|information|denk|think|please|spaar)\b""",
    re.I | re.X,
)
_INSIDE = ("schreef", "wrote", "schrieb", "boven deze", "above this")


@dataclass(frozen=True, slots=True)
class Split:
    own: str  # "" when everything was cut
    quoted: str
    forward: bool


def split_quotes(text: str) -> Split:
    """Takes the sender's own lines out of a text; never drops a line without keeping it in `quoted`."""
    lines = text.split("\n", MAX_LINES)
    heads = [line[:_LINE] for line in lines]
    kept = [True] * len(lines)
    suspects = _suspects(heads)
    end, forward = _cut_end(heads, suspects)
    for index in range(end, len(lines)):
        kept[index] = False
    index = 0
    while index < end:
        index += _cut_line(heads, index, end, kept) if suspects[index] else 1
    own = _tidy([line for line, keep in zip(lines, kept, strict=True) if keep])
    quoted = _tidy([line for line, keep in zip(lines, kept, strict=True) if not keep])
    return Split(own if _WORD.search(own) else "", quoted, forward)


def _cut_end(heads: list[str], suspects: list[bool]) -> tuple[int, bool]:
    """The first line of what a mail program put below the answer without marking each line; and whether it forwards."""
    something = False
    for index, line in enumerate(heads):
        if not line or line.isspace() or _QUOTED.match(line):
            continue
        if not suspects[index]:
            something = something or _WORD.search(line) is not None
            continue
        if something and _REPLY_LINE.search(line):
            return index, False
        separator = _SEPARATOR.match(line)
        if separator is not None and not _marked(heads, index + 1):
            return index, bool(separator["forward"] or separator["begin"])
        if _is_header_block(heads, index):
            return _with_ruler(heads, index), False
        length = _attribution(heads, index)
        if length and not _marked(heads, index + length):
            return index, False
        something = something or _WORD.search(line) is not None
    return len(heads), False


def _suspects(heads: list[str]) -> list[bool]:
    """Per line, whether any rule could match."""
    lowered = "\n".join(heads).lower()
    inside = [word for word in _INSIDE if word in lowered]  # most mails have none
    if not inside:
        return [_FIRST.match(line) is not None for line in heads]
    return [_FIRST.match(line) is not None or any(word in line.lower() for word in inside) for line in heads]


def _marked(heads: list[str], index: int) -> bool:
    """Whether the next line with words begins with ">": then only such lines are quoted."""
    for line in heads[index : index + 4]:
        if line.strip():
            return _QUOTED.match(line) is not None
    return True  # nothing below: drop the line itself, no more


def _with_ruler(heads: list[str], index: int) -> int:
    while index and (not heads[index - 1].strip() or _RULER.match(heads[index - 1])):
        index -= 1
    return index


def _is_header_block(heads: list[str], index: int) -> bool:
    """`Van: / Verzonden: / Aan: / Onderwerp:` in any order; a period or a letter head is none."""
    line = heads[index]
    if ":" not in line:
        return False
    if _HEADER_INLINE.match(line):
        return True
    first = _HEADER_LINE.match(line)
    if first is None:
        return False
    seen: set[str] = set()
    blanks = 0
    for later in heads[index : index + 14]:
        match = _HEADER_LINE.match(later)
        if match is not None and match.lastgroup:
            if match.lastgroup == "from" and _HAS_DATE.match(later[match.end() :].strip()):
                return False  # "Van: 1 januari 2024": a period
            seen.add(match.lastgroup)
            blanks = 0
        elif later.strip():
            blanks += 2 if match is None and not later.startswith((" ", "\t")) else 0
        else:
            blanks += 1
        if blanks > 2:
            break
    # Mail programs always write the date; a letter head typed by hand often has none.
    return "from" in seen and len(seen) >= 3 and ("date" in seen or ("subject" in seen and "@" in line))


def _attribution(heads: list[str], index: int) -> int:
    """How many lines `Op … schreef …:` takes here; 0 when it is none."""
    line = heads[index].strip()
    if not _MAYBE_ATTRIBUTION.search(line):
        return 0
    joined = ""
    for length in range(1, 5):
        if index + length > len(heads):
            return 0
        piece = heads[index + length - 1].strip()
        if not piece:
            return 0
        joined = f"{joined} {piece}".strip()
        if len(joined) > 450:
            return 0
        if piece.endswith(":"):
            return length if _is_attribution(joined) else 0
    return 0


def _is_attribution(line: str) -> bool:
    if not _ATTRIBUTION.match(line):
        return False
    if re.match(r"(?:op|on|am|le)\s", line, re.I) and not _HAS_DATE.search(line):
        return False
    if re.search(r"\bheeft\b", line, re.I) and not _HEEFT_END.search(line):
        return False
    return any(sign.search(line) for sign in (_HAS_SURE, _HEEFT_END, _YEAR))


def _cut_line(heads: list[str], index: int, end: int, kept: list[bool]) -> int:
    """Marks what goes at this line and says how many lines were dealt with."""
    line = heads[index]
    stop = index + 1
    if _QUOTED.match(line):
        kept[index] = False
        return 1
    if _SIGNATURE.match(line):
        stop = _signature_end(heads, index, end)
    elif length := _attribution(heads, index):
        stop = min(end, index + length)
    elif _DISCLAIMER.match(line):
        while stop < end and heads[stop].strip() and not _QUOTED.match(heads[stop]):
            stop += 1
    elif not (_MOBILE.match(line) or _SEPARATOR.match(line) or _REPLY_LINE.search(line)):
        return 1
    for position in range(index, stop):
        kept[position] = False
    return stop - index


def _signature_end(heads: list[str], index: int, end: int) -> int:
    """A signature is short; a long text below "--" is more of the letter."""
    filled = 0
    for stop in range(index + 1, end):
        if _QUOTED.match(heads[stop]):
            return stop
        filled += not heads[stop].isspace() and heads[stop] != ""
        if filled > 16:
            return index + 1
    return end


def _tidy(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
