"""The sender's own words: quotes, attribution lines and header blocks cut from plain text.

Dutch first, English and German beside. The rules are by line; every pattern sees a bounded line. A customer's own
sentence that looks like a quote ("Op 1 mei schreef ik u al een brief:") must stay: what is missed costs more than what
is left in. If nothing is left, the whole text counts: privacy requests are often bare forwards. Signatures and
disclaimers have a room of their own (`signatures`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from intake.email.signatures import disclaimer_end, is_device_line, signature_end

MAX_LINES = 3000
_LINE = 600  # characters of a line that the patterns look at

_MONTH = (
    r"(?:jan|feb|mrt|maart|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec|januari|februari|april|juni|juli|augustus|"
    r"september|oktober|november|december|january|february|march|june|july|august|october|mai|märz|dezember|"
    r"janv|févr|mars|avr|avril|juin|juil|juillet|août|déc)"
)
_DATE = (
    r"(?:\d{1,2}[-/. ]\s?\d{1,2}[-/. ]\s?(?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}|"
    rf"\d{{1,2}}\.?\s+{_MONTH}\.?|{_MONTH}\.?\s+\d{{1,2}})"
)
_TIME = r"\d{1,2}[:.]\d{2}"
_OWN = r"(?:ik|wij|we|u|je|jij|jullie|men|i|you|ich|wir|sie|mijn|uw|onze|een)"  # then it is a sentence of the sender
_HAS_DATE = re.compile(_DATE, re.I)
_HAS_SURE = re.compile(rf"{_TIME}|[^\s<>@]{{1,100}}@[^\s<>@]{{1,100}}", re.I)
_WRITER = re.compile(r"<\s?[^<>\s@]{1,100}@[^<>\s]{1,150}\s?>")  # nobody types an address in angle brackets
_ATTRIBUTION = re.compile(
    rf"""^(?:
        (?:op|on|am|le)\s(?:.{{0,200}}?)\b(?:schreef(?!\s+{_OWN}\b)|heeft(?!\s+{_OWN}\b)|wrote|schrieb(?!\s+{_OWN}\b)|a\s+écrit)\b.{{0,200}}
        | .{{1,150}}?(?<!\bik)(?<!\bwij)\s(?:schreef|wrote|schrieb|a\sécrit)\s(?:op|on|am|le)\s.{{4,120}}
        | .{{1,150}}?\s<[^<>]{{3,120}}>\s(?:schreef|wrote|schrieb|a\sécrit)
    )\s?:\s*$""",
    re.I | re.X,
)
# The same with an address in it, whoever is named: "schreef Een Winkel <een@…>:".
_ADDRESSED = re.compile(r"^(?:op|on|am|le)\s.{3,250}\b(?:schreef|heeft|wrote|schrieb|a\sécrit)\b.{0,250}:\s*$", re.I)
_BY_ADDRESS = re.compile(  # Tuta: "2 nov 2026, 14:03 door info@…:"
    rf"^{_DATE}.{{0,15}}\b{_TIME}\s(?:door|van|by|von|de)\s<?[^\s<>@]{{1,100}}@[^\s<>@]{{1,150}}>?\s?:\s*$", re.I
)
# A story about a letter names the one it was written to, or what was in it.
_TOLD = re.compile(
    r"\b(?:mij|ons|me|mijn|ik|wij|u|uw|jullie|dat|i|us|my|you|your|ich|wir|ihnen|mir|uns|je|vous|nous|votre)\b|\bm'a\b",
    re.I,
)
_STORY_OF = re.compile(r"\b(?:schreef|heeft|wrote|schrieb)\b(?P<after>.*)$", re.I)
_NOTHING_TOLD = re.compile(r"\bhet\svolgende\sgeschreven\b", re.I)
_MAYBE_ATTRIBUTION = re.compile(r"^(?:op|on|am|le)\s.*\d|^\d{1,4}[-/. ]|\b(?:schreef|wrote|schrieb|écrit)\b", re.I)
_YEAR = re.compile(r"\d{4}")
_HEEFT_END = re.compile(r"\bgeschreven\s?:\s*$", re.I)

_KEYS = {
    "from": r"van|from|von|de|afzender|expéditeur",
    "date": r"verzonden(?:\sop)?|verstuurd|datum|date|sent|gesendet|envoyé",
    "to": r"aan|to|an|à|naar",
    "cc": r"cc|kopie|bcc",
    "subject": r"onderwerp|subject|betreff|objet",
    "reply": r"antwoord aan|beantwoorden|reply-to|antwort an",
    "more": r"urgentie|prioriteit|belang|importance|priority|wichtigkeit|bijlagen?|attachments?|anlagen?|gevoeligheid",
}
_HEADER_LINE = re.compile(
    r"^[*_\s]*(?:" + "|".join(f"(?P<{key}>{words})" for key, words in _KEYS.items()) + r")[*_]*\s?:[*_]*(?:\s|$)", re.I
)
_HEADER_INLINE = re.compile(
    r"^[*_\s]*(?:van|from)[*_]*\s?:.{3,200}?\s(?:aan|verzonden|datum|to|sent|date)\s?:.{3,300}?\s(?:verzonden|aan|onderwerp|datum|subject|to)\s?:",
    re.I,
)
_SUBJECT_KEY = re.compile(r"\b(?:onderwerp|subject|betreff|objet)[*_]*\s?:", re.I)
_DAY_TIME = re.compile(rf"{_TIME}|\d{{1,2}}\s?u(?:ur)?\b", re.I)
# A form puts such lines beside "Van:" and "Datum:", a mail program never.
_FORM_LINE = re.compile(
    r"^[*_\s]*(?:bericht|message|message\sbody|(?:uw|je)\s(?:bericht|vraag)|vraag|opmerking(?:en)?|tele(?:foon|phone)\w*|"
    r"e-?mail(?:\s?adres)?|naam|name|geboortedatum|klantnummer|adres|postcode)[*_]*\s?:",
    re.I,
)
_SEPARATOR = re.compile(
    r"""^[\s>*]*(?:
        [-_=]{2,}\s*(?:oorspronkelijke?\s(?:bericht|e-?mail|mail)|origineel\sbericht|original\s(?:message|mail)|ursprüngliche\snachricht
            |message\sd['’]origine)\b.*
        |[-_=]{2,}\s*(?P<forward>doorgestuurde?\s(?:bericht|e-?mail|mail)|forwarded\smessage|weitergeleitete\snachricht|doorgestuurd\sdoor
            |message\stransféré)\b.*
        |(?P<begin>begin\s(?:doorgestuurd\sbericht|forwarded\smessage)|begin\svan\sdoorgestuurd\sbericht
            |anfang\sder\sweitergeleiteten\snachricht|début\sdu\smessage\s(?:transféré|réexpédié))\s?:?
    )\s*$""",
    re.I | re.X,
)
# The whole mail on one line, as some apps and phones make it: broken where the attribution or the block begins.
_ATTRIBUTION_INSIDE = re.compile(
    r"(?<=\S)\s(Op\s(?:\w{2,9}\.?,?\s)?\d[^<>]{5,100}\sschreef\s[^<>]{1,100}<[^<>\s@]{1,80}@[^<>\s]{1,100}>\s?:)\s?"
)
_BLOCK_INSIDE = re.compile(
    r"(?<=\S)\s(?=Van:\s[^:]{3,120}(?:<[^<>]{3,120}>)?\sVerzonden:\s[^:]{5,60}:[^:]{2,120}Aan:\s)"
)
_REPLY_LINE = re.compile(
    r"(?:typ|schrijf|antwoord|reageer)(?:\s(?:je|uw)\s(?:antwoord|reactie))?(?:\salstublieft)?\sboven\sdeze\s(?:regel|lijn)|"
    r"(?:reply|type\syour\sreply)\sabove\sthis\sline|über\sdieser\szeile\santworten",
    re.I,
)
_QUOTED = re.compile(r"^\s{0,3}(?:[A-Z][A-Za-z]{0,2})?(?:>|&gt;)")
_RULER = re.compile(r"^\s*[_\-=*]{5,}\s*$")
_WORD = re.compile(r"\w")
# Lines that no rule can match are told by two cheap looks; the rules proper run on the few others.
_FIRST = re.compile(
    r"""\s{0,3}(?:\w{1,3})?(?:>|&gt;)|[\s>*_]*[^\w\s]{2,}|[—–]|\d{1,4}[-/. ]|\W{0,6}(?:op|on|am|le|van|from
    |von|de|afzender|verzonden|verstuurd|datum|
    date|sent|gesendet|envoyé|aan|to|an|à|naar|cc|kopie|bcc|onderwerp|subject|betreff|objet|antwoord|beantwoorden|reply-to|antwort|begin|anfang|début|
    expéditeur|outlook|mail|download|get|haal|yahoo|virusvrij|beveiligd|verstuurt|mijn|disclaimer|dit|deze|this|the|information|denk|think|please|spaar|
    diese|ce|proclaimer)\b""",
    re.I | re.X,
)
_INSIDE = ("schreef", "wrote", "schrieb", "écrit", "boven deze", "above this", "über dieser")
_MAX_LIST = 8  # lines that a sender marks with ">" below a colon


@dataclass(frozen=True, slots=True)
class Split:
    own: str  # "" when everything was cut
    quoted: str
    forward: bool


def split_quotes(text: str) -> Split:
    """Takes the sender's own lines out of a text; never drops a line without keeping it in `quoted`."""
    lines = text.split("\n", MAX_LINES)
    if "schreef" in text or "Verzonden:" in text:
        lines = [piece for line in lines for piece in _broken_up(line)]
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


def _broken_up(line: str) -> list[str]:
    """The whole mail on one line, as some apps and phones make it: broken where attribution or block begins."""
    if not 60 < len(line) < _LINE * 5:
        return [line]
    return _BLOCK_INSIDE.sub("\n", _ATTRIBUTION_INSIDE.sub(r"\n\1\n", line, count=1), count=1).split("\n")


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


def is_forward_line(line: str) -> bool:
    """`---- Doorgestuurd bericht ----`, `Begin doorgestuurd bericht:`, or the line above any original."""
    return _SEPARATOR.match(line[:_LINE]) is not None


def header_fields(lines: list[str], index: int) -> tuple[dict[str, str], int]:
    """The block of `Van:`, `Datum:` and so on that begins at `index`, and the first line after it. A value may wrap."""
    fields: dict[str, str] = {}
    key, position = "", index
    while position < min(len(lines), index + 20):
        line = lines[position][:_LINE]
        match = _HEADER_LINE.match(line)
        if match is not None and match.lastgroup:
            key = match.lastgroup
            fields.setdefault(key, line[match.end() :].strip(" *_\t"))
        elif not line.strip():
            if not any(_HEADER_LINE.match(later) for later in lines[position + 1 : position + 2]):
                break
        elif not key or not (line.startswith((" ", "\t")) or fields[key].endswith((",", ";", "<")) or not fields[key]):
            break
        else:
            fields[key] = f"{fields[key]} {line.strip()}".strip()
        position += 1
    return fields, position


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
    """`Van: / Verzonden: / Aan: / Onderwerp:` in any order; a period, a form, a journey or a letter head is none."""
    line = heads[index]
    if ":" not in line:
        return False
    if _HEADER_INLINE.match(line):
        return "@" in line or _SUBJECT_KEY.search(line) is not None
    if _HEADER_LINE.match(line) is None:
        return False
    seen = _header_keys(heads, index)
    if "from" not in seen or len(seen) < 3:
        return False
    ruled = any(_RULER.match(above) for above in heads[max(0, index - 2) : index])
    if "date" not in seen:
        return ruled or ("subject" in seen and "@" in line and _WRITER.search(line) is not None)
    # Mail programs write the time of day; a letter head typed by hand has a date at most.
    timed = _DAY_TIME.search(seen["date"]) is not None
    return ruled or (timed and ("subject" in seen or "@" in "".join(seen.values())))


def _header_keys(heads: list[str], index: int) -> dict[str, str]:
    """The keys of the block that begins here with what stands behind them; none when it is no mail program's."""
    seen: dict[str, str] = {}
    blanks = 0
    for later in heads[index : index + 14]:
        match = _HEADER_LINE.match(later)
        if match is not None and match.lastgroup:
            value = later[match.end() :].strip()
            if match.lastgroup == "from" and _HAS_DATE.match(value):
                return {}  # "Van: 1 januari 2024": a period
            seen.setdefault(match.lastgroup, value)
            blanks = 0
        elif _FORM_LINE.match(later):
            return {}
        elif later.strip():
            blanks += 2 if not later.startswith((" ", "\t")) else 0
        else:
            blanks += 1
        if blanks > 2:
            break
    return seen


def _attribution(heads: list[str], index: int) -> int:
    """How many lines `Op … schreef …:` takes here; 0 when it is none."""
    line = heads[index].strip(" -*_\t")
    if not _MAYBE_ATTRIBUTION.search(line):
        return 0
    joined = ""
    for length in range(1, 5):
        if index + length > len(heads):
            return 0
        piece = heads[index + length - 1].strip(" -*_\t")
        if not piece:
            return 0
        joined = f"{joined} {piece}".strip()
        if len(joined) > 450:
            return 0
        if piece.endswith(":"):
            return length if _is_attribution(joined) else 0
    return 0


def _is_attribution(line: str) -> bool:
    if _BY_ADDRESS.match(line):
        return True
    dated = _HAS_DATE.search(line) is not None
    if dated and _WRITER.search(line) and _ADDRESSED.match(line):
        return True
    if not _ATTRIBUTION.match(line):
        return False
    if re.match(r"(?:op|on|am|le)\s", line, re.I) and not dated:
        return False
    if re.search(r"\bheeft\b", line, re.I) and not _HEEFT_END.search(line):
        return False
    if not _WRITER.search(line):
        told = _STORY_OF.search(_NOTHING_TOLD.sub("", line))
        if _TOLD.search(told["after"] if told else line) or re.search(r"\b(?:i|we|you)\swrote\b", line, re.I):
            return False
    return any(sign.search(line) for sign in (_HAS_SURE, _HEEFT_END, _YEAR))


def _cut_line(heads: list[str], index: int, end: int, kept: list[bool]) -> int:
    """Marks what goes at this line and says how many lines were dealt with."""
    line = heads[index]
    stop = index + 1
    if _QUOTED.match(line):
        if length := _own_list(heads, index, end, kept):
            return length
        kept[index] = False
        return 1
    if (found := signature_end(heads, index, end, _QUOTED)) or (found := disclaimer_end(heads, index, end, _QUOTED)):
        stop = found
    elif length := _attribution(heads, index):
        stop = min(end, index + length)
    elif not (is_device_line(line) or _SEPARATOR.match(line) or _REPLY_LINE.search(line)):
        return 1
    for position in range(index, stop):
        kept[position] = False
    return stop - index


def _own_list(heads: list[str], index: int, end: int, kept: list[bool]) -> int:
    """How many lines of a list the sender marked with ">" himself: a few, below a line of his that ends in a colon."""
    if not index or not kept[index - 1] or not heads[index - 1].rstrip().endswith(":"):
        return 0
    stop = index
    while stop < end and _QUOTED.match(heads[stop]):
        stop += 1
        if stop - index > _MAX_LIST:
            return 0
    return stop - index


def _tidy(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
