"""`privacyloket letters ORG`: every letter that can leave in an organisation's name, in one PDF to sign off."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (default: config.toml).")]

_INTRO = (
    "Dit zijn alle brieven die dit loket in uw naam kan opstellen, met een verzonnen zaak. Tussen [haken] staat wat "
    "een medewerker schrijft of wat pas later bekend is. Elke brief is goedgekeurd door een mens voordat hij weggaat, "
    "behalve afmelden, de stand van zaken en een vraag met één goedgekeurd antwoord.",
    "Wilt u een zin anders? Zet hem in policies/<organisatie>/texts/<onderdeel>.<naam>.md. De namen staan in "
    "handlers/texts/. Een zin houdt dezelfde gegevens tussen accolades; het programma start niet als er een ontbreekt.",
    "Gelezen en akkoord:      naam ______________________      datum ______________",
)


def letters(
    organisation: str,
    out: Annotated[Path | None, typer.Option(help="Where the PDF goes (default: brieven-ORG.pdf).")] = None,
    english: Annotated[bool, typer.Option(help="The English letters too.")] = True,
    config: Config = None,
) -> None:
    """Put every letter of an organisation in one PDF: each request type, each outcome, each letter on the way."""
    from bot.policy_choice import chosen  # noqa: PLC0415  # imports what the command needs, not more
    from bot.sample_letters import sample_letters  # noqa: PLC0415
    from cases.types import Form  # noqa: PLC0415
    from render.letter import LetterContext  # noqa: PLC0415
    from render.pdf import booklet_pdf  # noqa: PLC0415

    made = chosen(organisation, config)
    forms = (made.policy.form, *((Form.EN,) if english and made.policy.form is not Form.EN else ()))
    found = [
        (f"{sample.title} [en]" if form is Form.EN else sample.title, sample.letter)
        for form in forms
        for sample in sample_letters(made.policy, made.texts[form])
    ]
    title = f"Alle brieven van {made.policy.name}"
    version = (
        f"Beleid: {made.policy.version}. Verklaring: {made.policy.statement.title} ({made.policy.statement.date})."
    )
    pdf = booklet_pdf(found, LetterContext(made.policy.name), title=title, contents="Inhoud", intro=(version, *_INTRO))
    file = out or Path(f"brieven-{organisation}.pdf")
    file.write_bytes(pdf)
    typer.echo(f"{len(found)} brieven in {file}")
