"""The Typst compiler in a process of its own: template path as argument, JSON on stdin, PDF on stdout.

A process, because the compiler keeps what it compiled in a cache that can not be emptied (600 MB after ten overviews of
300 rows, all of it personal data) and can not be stopped once it runs. `render/pdf.py` starts it, with a time limit.
Imports nothing of ours: it is run as a file.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    import typst  # noqa: PLC0415  (only ever in this process)

    template = Path(sys.argv[1])
    pdf = typst.compile(
        str(template),
        root=str(template.parent),
        font_paths=[],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": sys.stdin.buffer.read().decode("utf-8")},
    )
    sys.stdout.buffer.write(pdf if isinstance(pdf, bytes) else b"")


if __name__ == "__main__":
    main()
