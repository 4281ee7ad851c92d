"""What a replay shows: one line a message (JSON or a table), totals, and a page for the owner.

The page stands alone: no scripts, nothing from elsewhere; every word of a message in it is escaped. It names messages
and quotes them, so it is as confidential as the mailbox itself. Lists are bounded, numbers count everything.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape

from bot.shadow import Became
from cases.reading import Certainty
from cases.types import InboundOutcome, Label
from web.words import LABELS

SHOWN = 200  # messages in one list of the page
QUOTED = 400  # characters of a message on the page
_LIKELY = 0.1
_CALLED = {
    InboundOutcome.CASE: "case",
    InboundOutcome.FOLLOW_UP: "note",
    InboundOutcome.DUPLICATE: "note",
    InboundOutcome.MACHINE: "note",
    InboundOutcome.COLLEAGUE: "note",
    InboundOutcome.NO_REQUEST: "no_request",
    InboundOutcome.TRIAGE: "triage",
    InboundOutcome.QUARANTINE: "quarantine",
}
_OUTCOMES = {
    "case": "opent een zaak",
    "note": "hoort bij iets dat al loopt, is een tweede exemplaar of komt van een machine",
    "no_request": "geen privacyverzoek: blijft zoals het is",
    "triage": "een medewerker kijkt: is dit een verzoek?",
    "quarantine": "niet te lezen: een medewerker kijkt",
}
_MAILS = {
    "acknowledgement": "ontvangstbevestiging",
    "identity_code": "ontvangstbevestiging met code",
    "clarification": "vraag om verduidelijking",
    "status": "stand van zaken",
    "code_result": "antwoord op een code",
    "human": "een medewerker neemt het over",
}
_MACHINES = {
    "bounce": "niet bezorgd",
    "auto_reply": "automatisch antwoord",
    "list": "nieuwsbrief of lijst",
    "receipt": "leesbevestiging",
    "report": "rapport of formulier",
    "own": "van onszelf",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the answer."""

    path: str
    index: int
    sha256: str
    outcome: str
    labels: tuple[str, ...]  # of a case those that were opened, else what was read
    decision: str | None  # certain, ask or triage; None when the message could not be read
    auto_mail: Mapping[str, str] | None  # to, kind
    machine: str | None
    text: str = field(repr=False)
    error: str | None
    likely: tuple[tuple[str, float], ...] = ()  # for the page: the best labels with their probability

    def as_json(self) -> str:
        names = ("path", "index", "sha256", "outcome", "labels", "decision", "auto_mail", "machine", "text", "error")
        return json.dumps({name: getattr(self, name) for name in names})

    def as_line(self) -> str:
        mail = self.auto_mail["kind"] if self.auto_mail else ""
        cells = (f"{self.path}:{self.index}", self.outcome, ",".join(self.labels), self.decision or self.error or "")
        line = f"{cells[0]:<40} {cells[1]:<11} {cells[2]:<24} {cells[3]:<10} {mail:<16} {self.machine or ''}"
        return "".join(char if char.isprintable() else "?" for char in line).rstrip()


def outcome_of(became: Became) -> Outcome:
    found, reading, parsed = became.found, became.reading, became.parsed
    set_aside = became.outcome is InboundOutcome.QUARANTINE
    labels = became.opened or (reading.labels if reading is not None and not set_aside else ())
    likely: tuple[tuple[Label, float], ...] = ()
    if reading is not None:
        ranked = sorted(reading.probabilities.items(), key=lambda pair: -pair[1])
        likely = tuple((label, p) for label, p in ranked if p >= _LIKELY and label is not Label.OVERIG)[:2]
    return Outcome(
        found.path, found.index, found.sha256, _CALLED[became.outcome], tuple(label.value for label in labels),
        reading.certainty.value if reading is not None and not set_aside else None,
        {"to": became.mail[1], "kind": became.mail[0]} if became.mail is not None else None,
        parsed.machine.value if parsed is not None and parsed.machine is not None else None,
        became.words, became.error or None if set_aside else None, tuple((label.value, p) for label, p in likely),
    )  # fmt: skip


class Report:
    """Counts everything, keeps the first messages of each list."""

    def __init__(self, organisation: str) -> None:
        self.organisation = organisation
        self.outcomes: Counter[str] = Counter()
        self.mails: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()
        self.machines: Counter[str] = Counter()
        self.listed: Counter[str] = Counter()
        self._lists: dict[str, list[Outcome]] = {"answered": [], "person": [], "doubtful": []}

    def add(self, outcome: Outcome) -> None:
        self.outcomes[outcome.outcome] += 1
        if outcome.machine is not None:
            self.machines[outcome.machine] += 1
        if outcome.outcome == "case":
            self.labels.update(outcome.labels)
        if outcome.auto_mail is not None:
            self.mails[outcome.auto_mail["kind"]] += 1
            self._list("answered", outcome)
        if outcome.outcome == "triage" and outcome.decision != Certainty.CERTAIN and outcome.likely:
            self._list("doubtful", outcome)
        elif outcome.outcome in ("triage", "quarantine"):
            self._list("person", outcome)

    def _list(self, name: str, outcome: Outcome) -> None:
        self.listed[name] += 1
        if len(self._lists[name]) < SHOWN:
            self._lists[name].append(outcome)

    def totals(self) -> str:
        """In words for the command line, below the table."""
        lines = [f"\n{self.outcomes.total()} berichten; er is niets verstuurd, bewaard of veranderd"]
        lines += [f"{count:>7} {name}: {_OUTCOMES[name]}" for name, count in self.outcomes.most_common()]
        lines += [f"{count:>7} automatische mail: {_MAILS.get(kind, kind)}" for kind, count in self.mails.most_common()]
        return "\n".join(lines)

    # --- the page -----------------------------------------------------------------------------------------------------

    def page(self) -> str:
        title = f"Proefdraai van {escape(self.organisation)}"
        total = self.outcomes.total()
        return _PAGE.format(
            title=title,
            intro=f"{total} berichten zijn gelezen zoals het loket ze zou lezen. Er is niets verstuurd, bewaard of"
            " veranderd. Deze pagina haalt woorden van klanten aan: ga er mee om als met het postvak zelf.",
            body="".join(
                (
                    _numbers("Wat ermee zou gebeuren", self.outcomes, _OUTCOMES),
                    _numbers("Wat automatisch zou worden beantwoord", self.mails, _MAILS),
                    _numbers("Verzoeken per soort", self.labels, LABELS),
                    _numbers("Post van machines: nooit beantwoord, nooit weggegooid", self.machines, _MACHINES),
                    self._section("answered", "Deze berichten krijgen automatisch antwoord", _answer),
                    self._section("doubtful", "Lijkt een verzoek, maar niet zeker: een medewerker beslist", _why),
                    self._section("person", "Ander werk voor een medewerker", _why),
                )
            ),
        )

    def _section(self, name: str, heading: str, note: Callable[[Outcome], str]) -> str:
        listed, total = self._lists[name], self.listed[name]
        if not listed:
            return f"<h2>{heading}</h2><p>Geen.</p>"
        rows = "".join(
            f"<tr><td>{escape(_place(one))}</td><td>{escape(note(one))}</td><td>{escape(_cut(one.text))}</td></tr>"
            for one in listed
        )
        more = f"<p>De eerste {len(listed)} van {total}.</p>" if total > len(listed) else ""
        head = "<tr><th>Bericht</th><th>Wat</th><th>Eigen woorden van de afzender</th></tr>"
        return f"<h2>{heading} ({total})</h2>{more}<table>{head}{rows}</table>"


def _numbers(heading: str, counts: Counter[str], names: Mapping[str, str]) -> str:
    if not counts:
        return f"<h2>{heading}</h2><p>Geen.</p>"
    rows = "".join(
        f'<tr><td class="n">{count}</td><td>{escape(names.get(key, key))}</td></tr>'
        for key, count in counts.most_common()
    )
    return f"<h2>{heading}</h2><table>{rows}</table>"


def _place(outcome: Outcome) -> str:
    return f"{outcome.path}, nr. {outcome.index + 1}"


def _answer(outcome: Outcome) -> str:
    assert outcome.auto_mail is not None
    kind = outcome.auto_mail["kind"]
    asked = ", ".join(LABELS.get(label, label) for label in outcome.labels)
    return f"{_MAILS.get(kind, kind)} aan {outcome.auto_mail['to']}" + (f" ({asked})" if asked else "")


def _why(outcome: Outcome) -> str:
    if outcome.outcome == "quarantine":
        return f"niet te lezen ({outcome.error})"
    return ", ".join(f"{LABELS.get(label, label)} {p:.0%}" for label, p in outcome.likely) or "een woord over privacy"


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= QUOTED else flat[:QUOTED] + " …"


_PAGE = """<!doctype html>
<html lang="nl"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }}
h1 {{ font-size: 1.6rem; }} h2 {{ font-size: 1.15rem; margin-top: 2rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #d5dae0; }}
td {{ overflow-wrap: anywhere; }} .n {{ width: 5rem; text-align: right; font-variant-numeric: tabular-nums; }}
</style></head>
<body><h1>{title}</h1><p>{intro}</p>{body}</body></html>
"""
