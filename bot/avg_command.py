"""`privacyloket avg ORG`: the papers that the AVG asks for this desk, filled from the organisation's policy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (default: config.toml).")]


def avg(
    organisation: str,
    out: Annotated[Path | None, typer.Option(help="Folder for the files (default: avg-ORG).")] = None,
    config: Config = None,
) -> None:
    """Write register entry, processor agreement, paragraph for the statement and work instruction (in Dutch)."""
    from bot.avg_documents import avg_documents  # noqa: PLC0415  # imports what the command needs, not more
    from bot.policy_choice import chosen  # noqa: PLC0415

    folder = out or Path(f"avg-{organisation}")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in avg_documents(chosen(organisation, config).policy).items():
        (folder / name).write_text(text, encoding="utf-8")
        typer.echo(f"{folder / name}")
