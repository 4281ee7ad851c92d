"""Plain text bodies as they are really sent: flowed lines, enriched text, files and signatures between the lines.

RFC 3676 (format=flowed), RFC 1896 (text/enriched), uuencoded files, OpenPGP armour (RFC 9580). Quotes are another
room (`quotes`).
"""

from __future__ import annotations

import re

_ENRICHED_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9-]{0,30}>")
_ENRICHED_PARAM = re.compile(r"<param>[^<]{0,500}</param>", re.I)
_UUENCODED = re.compile(r"^begin [0-7]{3,4} (\S[^\n]{0,200})\n((?>(?:[ -`]{1,62}\n)*))(?:`?\n)?end[ ]*$", re.M)
_SIGNED, _SIGNATURE = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----"
_SIGNATURE_END = "-----END PGP SIGNATURE-----"
_ARMOUR_HEAD = re.compile(r"[ ]*\n(?:[A-Z][\w-]{0,30}:[^\n]{0,200}\n){0,5}")
_PGP_SEALED = re.compile(r"^[> ]{0,10}-----BEGIN PGP MESSAGE-----.*?(?:^[> ]{0,10}-----END PGP MESSAGE-----[ ]*$|\Z)", re.M | re.S)  # fmt: skip  # noqa: E501


def unflow(text: str, *, delete_space: bool) -> str:
    """Lines that a mail program broke with a blank at their end, made whole again."""
    out: list[str] = []
    held: list[str] = []
    held_depth = 0
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        body = line[depth + (line[depth : depth + 1] == " ") :]
        if held and (depth != held_depth or body == "-- "):
            out.append(_line(held, held_depth))
            held = []
        flows = body.endswith(" ") and body != "-- "
        held.append(body[:-1] if flows and delete_space else body)
        held_depth = depth
        if not flows:
            out.append(_line(held, depth))
            held = []
    if held:
        out.append(_line(held, held_depth))
    return "\n".join(out)


def _line(pieces: list[str], depth: int) -> str:
    return (">" * depth + " " if depth else "") + "".join(pieces)


def enriched_to_text(text: str) -> str:
    """One line end is a blank, two are one."""
    text = _ENRICHED_TAG.sub("", _ENRICHED_PARAM.sub("", text).replace("<<", "\x00")).replace("\x00", "<")
    return re.sub(r"\n(\n*)", lambda match: match[1] or " ", text)


def take_uuencoded(text: str) -> tuple[str, list[tuple[str, int]]]:
    """The text without the files that stand in it, and their names and sizes."""
    if "begin " not in text:
        return text, []
    files = [(match[1].strip(), _uu_size(match[2])) for match in _UUENCODED.finditer(text)]
    return (_UUENCODED.sub("", text) if files else text), files


def _uu_size(lines: str) -> int:
    return sum((ord(line[0]) - 32) & 63 for line in lines.split("\n") if line)


def open_pgp(text: str) -> tuple[str, set[str]]:
    """Signed text without its armour, sealed text taken out; and what was found: pgp, signed, encrypted."""
    if "-----BEGIN PGP " not in text:
        return text, set()
    flags: set[str] = set()
    if "-----BEGIN PGP MESSAGE-----" in text:
        flags |= {"pgp", "encrypted"}
        text = _PGP_SEALED.sub("", text)
    if _SIGNED in text:
        flags |= {"pgp", "signed"}
        text = _without_signature(text)
    return text, flags


def _without_signature(text: str) -> str:
    before, _, rest = text.partition(_SIGNED)
    signed, found, rest = rest.partition(_SIGNATURE)
    if not found:
        return before + signed
    head = _ARMOUR_HEAD.match(signed)
    words = re.sub(r"^- ", "", signed[head.end() if head else 0 :].strip("\n"), flags=re.M)
    _, ended, after = rest.partition(_SIGNATURE_END)
    return f"{before}{words}\n{after if ended else ''}"
