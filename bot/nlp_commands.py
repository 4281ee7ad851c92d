"""`privacyloket read`, `train` and `evaluate`: the Dutch reader at the command line. No message leaves the machine."""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

app = typer.Typer(add_completion=False)

MODEL = Path("var/model")
_LINE = 4_000_000  # characters of one line that are read
_TEXT = 200_000  # characters of a message that are looked at; the wish and the signature stand well before

Folder = Annotated[Path, typer.Option(help="Where the model lies.")]


@app.command()
def read(
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Messages on standard input, one JSON object a line.")] = False,
    no_embeddings: Annotated[bool, typer.Option("--no-embeddings", help="The linear model alone.")] = False,
    model: Folder = MODEL,
) -> None:
    """Reads messages and says what each asks for: one line of JSON for each line."""
    if not jsonl:
        raise typer.BadParameter("give --jsonl, and the messages on standard input")
    from nlp.reader import make_reader  # noqa: PLC0415 - spaCy takes a second

    reader = make_reader(model.resolve(), embeddings=not no_embeddings)
    for line in _lines(sys.stdin):
        sys.stdout.write(json.dumps(_read_line(reader, line), ensure_ascii=True) + "\n")
        sys.stdout.flush()


def _lines(source: TextIO) -> Iterator[str]:
    """Lines, however long; what is over the limit is left out."""
    if isinstance(source, io.TextIOWrapper):
        source.reconfigure(encoding="utf-8", errors="replace")
    while line := source.readline(_LINE):
        rest = line
        while len(rest) == _LINE and not rest.endswith("\n"):
            rest = source.readline(_LINE)
        if line.strip():
            yield line


def _read_line(reader: Any, line: str) -> dict[str, Any]:
    from cases.errors import InputError  # noqa: PLC0415
    from nlp.lines import answer, line_of, nothing_read  # noqa: PLC0415

    try:
        message = line_of(json.loads(line))
    except (ValueError, InputError, RecursionError):
        return nothing_read("")
    return answer(reader, message, _own_words(message.text, chat=message.chat))


def _own_words(text: str, *, chat: bool = False) -> str:
    """The sender's own words; "" where everything is quoted."""
    from intake.email.quotes import split_quotes  # noqa: PLC0415

    seen = text[:_TEXT]
    if chat and "\n" not in seen:
        return seen.strip()
    return split_quotes(seen).own


@app.command()
def train(
    model: Folder = MODEL,
    add: Annotated[Path | None, typer.Option(help="Messages to learn from, as nlp/corpus/README.md describes.")] = None,
    anyhow: Annotated[
        bool, typer.Option("--anyhow", help="Take the new model even if it is worse on the test part.")
    ] = False,
) -> None:
    """Fits the model anew; it is taken only when it is not worse on the frozen test than the one that stands."""
    from rich.progress import Progress  # noqa: PLC0415

    from nlp import train as fitting  # noqa: PLC0415
    from nlp.encoder import second_reader  # noqa: PLC0415
    from nlp.examples import CORPUS  # noqa: PLC0415
    from nlp.guard import not_worse  # noqa: PLC0415
    from nlp.model import swap_in  # noqa: PLC0415
    from nlp.remembered import Remembering, load_said  # noqa: PLC0415

    if add is not None:
        typer.echo(f"{_add(add)} messages added")
    folder = model.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with Progress() as progress, tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
        steps = progress.add_task("fit", total=3)
        built = fitting.build(Path(fresh), CORPUS, say=lambda step: progress.update(steps, advance=1, description=step))
        made = second_reader()
        verdict = not_worse(Path(fresh), folder, Remembering(made, load_said()) if made else None)
        if not verdict.taken and not anyhow:
            typer.echo(f"Not taken: {verdict.words}", err=True)
            raise typer.Exit(1)
        swap_in(Path(fresh), folder)
    typer.echo(f"{model}: {built.examples} messages, version {built.version}. {verdict.words}")


def _add(path: Path) -> int:
    """Checks every line, then writes all of them or none. Only invented texts: never a message as it came."""
    from nlp.examples import CORPUS, OWN, load_examples  # noqa: PLC0415
    from nlp.marked import row_of  # noqa: PLC0415

    taken = {example.id for example in load_examples()}
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = row_of(json.loads(line), lambda text: _own_words(text) or text.strip())
            if row["id"] in taken:
                raise ValueError("this id stands in the corpus")
        except (KeyError, TypeError, ValueError) as error:
            typer.echo(f"{path.name}:{number}: {error}", err=True)
            raise typer.Exit(1) from error
        taken.add(row["id"])
        rows.append(row)
    folder = CORPUS / OWN
    folder.mkdir(exist_ok=True)
    with (folder / f"{path.stem}.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return len(rows)


@app.command()
def evaluate(
    model: Folder = MODEL,
    part: Annotated[
        str, typer.Option(help="test, corrections, unguided, wishes, or dev (read by a model made without it).")
    ] = "test",
    no_embeddings: Annotated[bool, typer.Option("--no-embeddings")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write a report with confusion matrix and reliability diagram.")
    ] = None,
) -> None:
    """Measures the reader on messages of writers it has never read."""
    from rich.progress import Progress  # noqa: PLC0415

    from nlp.evaluate import evaluated, report  # noqa: PLC0415
    from nlp.examples import Split  # noqa: PLC0415
    from nlp.report import page  # noqa: PLC0415

    with Progress() as progress:
        task = progress.add_task(part, total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        scores = evaluated(Split(part), model.resolve(), embeddings=not no_embeddings, advance=advance)
    typer.echo(report(part, scores))
    if html is not None:
        html.write_text(page(part, scores), encoding="utf-8")
        typer.echo(f"report: {html}")
