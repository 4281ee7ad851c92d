"""PDFs by Typst: a letter for paper, all letters of an organisation, the overview of an export.

Data reach the templates only as one JSON string in `sys_inputs` and are shown as text; nothing of them is parsed as
markup. Only the fonts inside the compiler are used, so the same data give the same file on every machine. Blocks for
a second or so: call it in a worker thread.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cases.errors import Permanent, Temporary
from cases.export import ExportSpec
from cases.letters import Block, Letter
from cases.types import Form
from render.letter import DEMO, LetterContext
from render.overview import MAX_ROWS_PDF, TEMPLATES, ExportMeta, overview, words
from render.sanitise import plain

TIME_LIMIT = 60  # seconds; a full overview takes about one


def letter_pdf(letter: Letter, ctx: LetterContext) -> bytes:
    """The letter on paper; what would be a button is printed as an address."""
    return _compile(
        "letter.typ",
        {
            "title": plain(letter.subject),
            "organisation": plain(ctx.organisation),
            "language": "en" if letter.form is Form.EN else "nl",
            "words": dict(words(letter.form)),
            "demo": DEMO[letter.form] if ctx.demo else "",
            "sender": [plain(line) for line in ctx.sender],
            "recipient": [plain(line) for line in ctx.recipient],
            "blocks": [_block(block) for block in letter.blocks if not block.empty],
        },
    )


def booklet_pdf(
    letters: Sequence[tuple[str, Letter]], ctx: LetterContext, *, title: str, contents: str, intro: Sequence[str]
) -> bytes:
    """Many letters in one file with a table of contents, each under its own title."""
    return _compile(
        "booklet.typ",
        {
            "title": plain(title),
            "contents": plain(contents),
            "intro": [plain(part) for part in intro],
            "organisation": plain(ctx.organisation),
            "language": "nl",
            "words": dict(words(Form.NL_U)),
            "demo": "",
            "letters": [
                {
                    "title": plain(name),
                    "subject": plain(letter.subject),
                    "blocks": [_block(block) for block in letter.blocks if not block.empty],
                }
                for name, letter in letters
            ],
        },
    )


def overview_pdf(spec: ExportSpec, meta: ExportMeta) -> bytes:
    return _compile("overview.typ", overview(spec, meta, max_rows=MAX_ROWS_PDF))


def _block(block: Block) -> dict[str, Any]:
    table = block.table
    return {
        "kind": block.kind.value,
        "heading": plain(block.heading),
        "text": [plain(part) for part in block.text],
        "items": [plain(item) for item in block.items],
        "link": plain(block.link),
        "header": [plain(name) for name in table.header] if table else [],
        "rows": [[plain(cell) for cell in row] for row in table.rows] if table else [],
    }


def _compile(template: str, data: dict[str, Any]) -> bytes:
    """Runs the compiler in a process of its own (`typeset.py` says why). Its messages may quote data: not kept."""
    command = [sys.executable, "-I", str(Path(__file__).with_name("typeset.py")), str(TEMPLATES / template)]
    try:
        done = subprocess.run(  # noqa: S603  (our own file and template)
            command, input=json.dumps(data).encode(), capture_output=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise Temporary(f"the PDF was not ready in time ({template})") from None
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        raise Permanent(f"the PDF could not be made ({template})")
    return done.stdout
