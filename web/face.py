"""What every page is handed: the desk, the settings, the templates; and how a page and a redirect are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse

from cases.protocols import Accept
from web import answers, letter_words, show, static_files, words
from web.counter import Counter
from web.demo import DemoFace
from web.settings import WebSettings
from web.static_files import StaticFile
from workflow.desk import Desk


@dataclass(frozen=True, slots=True)
class WebFace:
    desk: Desk
    settings: WebSettings
    demo: DemoFace | None
    templates: Environment
    files: dict[str, StaticFile]
    forms: Counter = field(default_factory=Counter)  # request forms of the last hour

    @property
    def accept(self) -> Accept:
        """The one door, for what visitors say."""
        assert self.settings.accept is not None, "a web chat needs the door"
        return self.settings.accept

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """One page; `values` are what its template names, missing ones are errors."""
        text = self.templates.get_template(template).render(demo=self.desk.demo, now=self.desk.now(), **values)
        return HTMLResponse(text, status_code=status)


def make_face(desk: Desk, settings: WebSettings, demo: DemoFace | None) -> WebFace:
    files = static_files.load()
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["static"] = lambda name: static_files.address(files, name)
    templates.globals["words"] = words
    templates.globals["answers"] = answers
    templates.globals["letter_words"] = letter_words
    templates.globals["organisation_name"] = lambda key: (
        desk.organisations[key].policy.name if key in desk.organisations else key
    )
    templates.globals["detail"] = lambda key, code: words.detail(code, source_names(desk, key))
    templates.globals["has_bots"] = bool(settings.telegram)
    templates.filters |= show.FILTERS
    return WebFace(desk, settings, demo, templates, files)


def source_names(desk: Desk, organisation: str) -> dict[str, str]:
    """How an organisation calls its systems."""
    own = desk.organisations.get(organisation)
    return {name: source.describe().label for name, source in own.sources.items()} if own else {}


def table_names(desk: Desk, organisation: str) -> dict[tuple[str, str], str]:
    """How its tables are called, by system and table."""
    own = desk.organisations.get(organisation)
    infos = [source.describe() for source in own.sources.values()] if own else []
    return {(info.name, one.name): one.label for info in infos for one in info.tables}


def _face(request: Request) -> WebFace:
    face: WebFace = request.app.state.face
    return face


Face = Annotated[WebFace, Depends(_face)]


def seen(address: str) -> RedirectResponse:
    """After an act: look at the page (303, so that reloading does not repeat the act)."""
    return RedirectResponse(address, status_code=303)
