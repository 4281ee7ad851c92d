"""A letter as a mail: plain text and HTML, two views of the same blocks. Knows no sentences and no cases.

The HTML carries its styles inline (mail programs drop style sheets) and is put together here by hand, not by a
template, because every received message waits for it; each value goes through `_esc` and can not become markup.
The PDF of a letter is made in `render/pdf.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from cases.letters import Block, BlockKind, Letter, Table
from cases.types import Form
from render.sanitise import plain, safe_link

DEMO = {
    Form.NL_JE: "DEMO: dit is een oefening met verzonnen gegevens.",
    Form.NL_U: "DEMO: dit is een oefening met verzonnen gegevens.",
    Form.EN: "DEMO: this is an exercise with invented data.",
}


@dataclass(frozen=True, slots=True)
class LetterContext:
    """What a view needs beside the letter."""

    organisation: str  # as letters call it
    demo: bool = False
    sender: tuple[str, ...] = ()  # address lines at the top; on paper only
    recipient: tuple[str, ...] = ()  # for a window envelope; on paper only


# --- plain text -------------------------------------------------------------------------------------------------------


def letter_text(letter: Letter, ctx: LetterContext) -> str:
    """The plain text: what screen readers, old phones and chats get."""
    parts = ["\n".join(filter(None, _lines(block))) for block in letter.blocks if not block.empty]
    if ctx.demo:  # never before the line that says who writes
        parts.insert(int(letter.blocks[0].kind is BlockKind.ASSISTANT), DEMO[letter.form])
    return plain("\n\n".join(parts)) + "\n"


def chat_text(letter: Letter, ctx: LetterContext) -> str:
    """A chat line: short, without headings, greeting or rules between the parts."""
    parts = ["\n".join(filter(None, _chat_lines(block))) for block in letter.blocks if not block.empty]
    if ctx.demo and letter.blocks[0].kind is BlockKind.ASSISTANT:
        parts.insert(1, DEMO[letter.form])
    return plain("\n\n".join(part for part in parts if part))


def _chat_lines(block: Block) -> Iterator[str]:
    if block.kind is BlockKind.LINK:
        yield f"{' '.join(block.text)}: {block.link}"
        return
    yield "\n".join(block.text)
    yield from (f"- {item}" for item in block.items)
    if block.table:
        yield from _table_text(block.table)


def _lines(block: Block) -> Iterator[str]:
    if block.heading:
        yield f"{block.heading}\n{'-' * len(block.heading)}"
    if block.kind is BlockKind.CODE:
        yield from (f"    {code}" for code in block.text)
        return
    if block.kind is BlockKind.LINK:
        words = " ".join(block.text)
        yield f"{words}: {block.link}" if block.link else words
        return
    yield "\n\n".join(block.text)
    yield from block.items if block.kind is BlockKind.CHOICES else (f"- {item}" for item in block.items)
    if block.table:
        yield from _table_text(block.table)


def _table_text(table: Table) -> Iterator[str]:
    """A table as lines: `label: value` without a header, one item per row with one."""
    for row in table.rows:
        if not table.header:
            yield ": ".join(row)
        else:
            pairs = [f"    {name}: {cell}" for name, cell in zip(table.header[1:], row[1:], strict=True) if cell]
            yield "\n".join((f"- {row[0]}", *pairs))


# --- HTML -------------------------------------------------------------------------------------------------------------

_INK, _SEA = "color:#1f2933;", "#1d5c7a"
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
_P = f'<p style="margin:0 0 12px;font-size:16px;line-height:1.55;{_INK}">'
_H2 = '<h2 style="margin:26px 0 6px;font-size:18px;line-height:1.3;color:#123b50;">'
_UL = '<ul style="margin:0 0 12px;padding:0 0 0 22px;">'
_LI = f'<li style="margin:0 0 4px;font-size:16px;line-height:1.55;{_INK}">'
_ASSISTANT = (
    '<p style="margin:0 0 20px;padding:10px 14px;background:#eef5f8;font-size:14px;line-height:1.5;color:#34495a;">'
)
_CODE = (
    '<p style="margin:4px 0 16px;padding:14px 0;background:#f2f5f7;text-align:center;'
    'font-family:Consolas,Menlo,monospace;font-size:30px;letter-spacing:6px;color:#123b50;">'
)
_CHOICE = f'<p style="margin:0 0 8px;padding:8px 14px;background:#f2f5f7;font-size:16px;line-height:1.5;{_INK}">'
_TABLE = '<table style="width:100%;border-collapse:collapse;margin:4px 0 16px;">'
_CELL = (
    f"padding:6px 14px 6px 0;line-height:1.45;vertical-align:top;text-align:left;border-bottom:1px solid #e4e9ee;{_INK}"
)
_TD = f'<td style="font-size:15px;{_CELL}">'
_TH = f'<th style="font-size:13px;{_CELL}">'
_BUTTON = (
    f"display:inline-block;padding:11px 20px;background:{_SEA};color:#ffffff;font-size:16px;text-decoration:none;"
    "border-radius:4px;"
)
_BANNER = (
    '<div style="background:#8a1c1c;color:#ffffff;padding:10px 16px;font-size:14px;font-weight:bold;'
    'text-align:center;">'
)


def letter_html(letter: Letter, ctx: LetterContext) -> str:
    """A complete HTML document, safe to mail."""
    language = "en" if letter.form is Form.EN else "nl"
    banner = f"{_BANNER}{DEMO[letter.form]}</div>\n" if ctx.demo else ""
    body = "\n".join(_block_html(block) for block in letter.blocks if not block.empty)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_esc(letter.subject)}</title>\n</head>\n"
        f'<body style="margin:0;padding:0;background:#f2f5f7;{_FONT}">\n{banner}'
        '<div style="max-width:640px;margin:0 auto;padding:24px 12px;">\n'
        f'<div style="background:#ffffff;border-top:4px solid {_SEA};padding:28px 28px 16px;">\n'
        f'<p style="margin:0 0 20px;font-size:14px;font-weight:bold;color:{_SEA};">{_esc(ctx.organisation)}</p>\n'
        f"{body}\n</div>\n</div>\n</body>\n</html>\n"
    )


def _esc(value: str) -> str:
    """The only way a value gets into the HTML."""
    return escape(plain(value))


def _block_html(block: Block) -> str:
    heading = f"{_H2}{_esc(block.heading)}</h2>\n" if block.heading else ""
    if block.kind is BlockKind.ASSISTANT:
        return f"{heading}{_ASSISTANT}{_esc(' '.join(block.text))}</p>"
    if block.kind is BlockKind.CODE:
        return f"{heading}{_CODE}{_esc(' '.join(block.text))}</p>"
    if block.kind is BlockKind.LINK:
        return heading + _link_html(block)
    text = "\n".join(f"{_P}{_esc(part)}</p>".replace("\n", "<br>") for part in block.text)
    return "".join((heading, text, _items_html(block), _table_html(block.table) if block.table else ""))


def _link_html(block: Block) -> str:
    """A button; a plain link for the page about the desk, which nobody has to visit."""
    words, href = _esc(" ".join(block.text)), _esc(safe_link(block.link))
    if not href:
        return f"{_P}{words}</p>"
    style = "font-size:14px;color:#52616e;" if block.key == "desk_link" else _BUTTON
    return f'<p style="margin:14px 0 20px;"><a href="{href}" style="{style}">{words}</a></p>'


def _items_html(block: Block) -> str:
    if not block.items:
        return ""
    if block.kind is BlockKind.CHOICES:
        return "\n".join(f"{_CHOICE}{_esc(item)}</p>" for item in block.items)
    return f"\n{_UL}{''.join(f'{_LI}{_esc(item)}</li>' for item in block.items)}</ul>"


def _table_html(table: Table) -> str:
    head = ""
    if table.header:
        head = f"<thead><tr>{''.join(f'{_TH}{_esc(name)}</th>' for name in table.header)}</tr></thead>"
    rows = "\n".join(f"<tr>{''.join(f'{_TD}{_esc(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    return f"\n{_TABLE}{head}<tbody>{rows}</tbody></table>"
