"""Every letter that an organisation can send, made from an invented case: to read, to sign off, and to test.

Per request type each outcome its handler knows, "niets gevonden", each ground of refusal, and the letters on the way.
What staff would write is shown as what they are asked for; what is known later as the moment it is filled in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.sample_case import NOW, RECEIVED, TOLD, sample_case
from cases.letters import GROUND_FACTS, BlockKind, Letter, ProcessLetter, edit_free, missing, missing_process, slots
from cases.letters import fill as fill_slots
from cases.policy import Basis, Policy
from cases.progress import Deed, Progress
from cases.types import Awaiting, Decision, Form, Label, RefusalGround, RequestState, RestrictionGround, Verb
from handlers.base import CaseFile, Needs
from handlers.choices import CHOICES, offered
from handlers.person_letters import MandateKind, child_letter, heirs_letter, mandate_letter
from handlers.process_letters import (
    BreachFacts,
    ExtensionReason,
    breach_letter,
    extension_letter,
    joined_letter,
    late_letter,
    lifting_letter,
    narrow_letter,
    silence_letter,
    split_letter,
)
from handlers.redirect import redirect_letter
from handlers.refusals import refusal_letter
from handlers.registry import HANDLERS
from handlers.wording import Texts

_CHOSEN: Mapping[Label, tuple[Mapping[str, str], ...]] = {
    Label.BEPERKING: (*({"ground": ground.value} for ground in RestrictionGround), {"ground": "none"}),
    Label.OVERDRACHT: ({}, {"party": "other", "party_name": "Voorbeeld B.V."}),
    Label.BESLUIT: ({}, {"review": "upheld"}, {"review": "changed"}),
    Label.KLACHT: ({"finding": "founded"}, {"finding": "partly"}, {"finding": "rejected"}),
    Label.VERWIJDERING: ({}, {"customer": "running"}, {"customer": "running", "erasure": "only_ads"}),
}
_ASKED = Progress(Label.VERWIJDERING, RequestState.PREPARING, Awaiting.NOBODY, RECEIVED, TOLD)
_DONE = (Deed(Verb.ERASE, "administratie", NOW.date()), Deed(Verb.OPT_OUT, "mailings", NOW.date()))
# Status and annuleren are about other requests: how far these may be.
_STANDING: Mapping[Label, Mapping[str, tuple[Progress, ...]]] = {
    Label.STATUS: {
        "loopt": (_ASKED,),
        "verlengd": (replace(_ASKED, extended_on=NOW.date(), told_on=TOLD + timedelta(days=61)),),
        "staat stil": (replace(_ASKED, suspended_since=NOW.date(), suspended_for="specify"),),
        "te laat": (replace(_ASKED, told_on=NOW.date() - timedelta(days=1)),),
        "goedgekeurd, wacht": (replace(_ASKED, state=RequestState.EXECUTING, begins_on=NOW.date()),),
        "niets bekend": (),
    },
    Label.ANNULEREN: {
        "niets uitgevoerd": (_ASKED,),
        "deels uitgevoerd": (replace(_ASKED, state=RequestState.AWAITING_APPROVAL, deeds=_DONE),),
        "te laat": (replace(_ASKED, state=RequestState.EXECUTING, deeds=_DONE[:1]),),
    },
}
# Where a ground is shown: the right that it is most often given for.
_GROUNDS: Mapping[RefusalGround, Label] = {
    RefusalGround.LEGAL_DUTY: Label.VERWIJDERING,
    RefusalGround.LEGAL_CLAIM: Label.VERWIJDERING,
    RefusalGround.RIGHTS_OF_OTHERS: Label.INZAGE,
    RefusalGround.NOT_IDENTIFIABLE: Label.INZAGE,
    RefusalGround.IDENTITY_NOT_PROVEN: Label.INZAGE,
    RefusalGround.UNFOUNDED: Label.INZAGE,
    RefusalGround.EXCESSIVE: Label.INZAGE,
    RefusalGround.NO_SUCH_RIGHT: Label.OVERDRACHT,
    RefusalGround.COMPELLING: Label.BEZWAAR,
}


_GROUND_WORDS: Mapping[RefusalGround, str] = {
    RefusalGround.LEGAL_DUTY: "wettelijke plicht",
    RefusalGround.LEGAL_CLAIM: "vordering of geschil",
    RefusalGround.RIGHTS_OF_OTHERS: "rechten van anderen",
    RefusalGround.NOT_IDENTIFIABLE: "niet te vinden",
    RefusalGround.IDENTITY_NOT_PROVEN: "identiteit niet bewezen",
    RefusalGround.UNFOUNDED: "kennelijk ongegrond",
    RefusalGround.EXCESSIVE: "buitensporig",
    RefusalGround.NO_SUCH_RIGHT: "recht geldt hier niet",
    RefusalGround.COMPELLING: "dwingende redenen",
}
_DECISIONS: Mapping[Decision, str] = {
    Decision.GRANTED: "toegewezen",
    Decision.PARTLY: "deels toegewezen",
    Decision.REFUSED: "afgewezen",
    Decision.NOTHING_FOUND: "niets gevonden",
    Decision.INFORMATION: "antwoord",
    Decision.TRANSFERRED: "doorgegeven",
}
_PROCESS: Mapping[ProcessLetter, str] = {
    ProcessLetter.EXTENSION: "verlenging",
    ProcessLetter.LATE: "te laat: excuses",
    ProcessLetter.LIFTING: "voor het opheffen van een beperking",
    ProcessLetter.JOINED: "zaken samengevoegd",
    ProcessLetter.SPLIT: "zaak gesplitst",
    ProcessLetter.NARROW: "aanbod om te beperken",
    ProcessLetter.BREACH: "datalek, aan wie het raakt",
    ProcessLetter.HEIRS: "aan nabestaanden",
    ProcessLetter.CHILD: "aan een kind",
    ProcessLetter.MANDATE: "machtiging gevraagd",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One letter with what it is; `lacking`: required blocks that nobody could fill."""

    title: str
    letter: Letter
    lacking: tuple[BlockKind, ...]


def sample_letters(policy: Policy, texts: Texts) -> tuple[Sample, ...]:
    """All of them in one form, in the order of the labels."""
    return (*_answers(policy, texts), *_refusals(policy, texts), *_on_the_way(policy, texts))


def _answers(policy: Policy, texts: Texts) -> Iterator[Sample]:
    for label, handler in HANDLERS.items():
        outcomes = [(chosen, True) for chosen in _chosen(policy, label)]
        outcomes += [({}, False)] if handler.needs is Needs.CONTROLLER_SOURCES else []
        shown = [
            (name, standing, *one) for name, standing in _STANDING.get(label, {"": ()}).items() for one in outcomes
        ]
        for name, standing, chosen, found in shown:
            made = handler.prepare(replace(_file(policy, texts, label, chosen, found=found), standing=standing))
            lacking = () if made.asks else missing(_written(made.letter), label, made.decision)
            said = name or _settled(policy, label, chosen)
            if not found and made.decision is not Decision.NOTHING_FOUND:
                said = "niets gevonden"
            title = f"{label.value}: {_DECISIONS[made.decision]}" + (f" ({said})" if said else "")
            yield Sample(title, _readable(made.letter), lacking)


def _settled(policy: Policy, label: Label, chosen: Mapping[str, str]) -> str:
    """What was settled, in the words that staff see; the facts of a case in its own words."""
    words = {(choice.key, value): said for choice in CHOICES.get(label, ()) for value, said in offered(policy, choice)}
    parts = [words.get((key, value), value) for key, values in chosen.items() for value in values.split(",")]
    return "; ".join(parts)


def _chosen(policy: Policy, label: Label) -> tuple[Mapping[str, str], ...]:
    """What staff could settle; for uses of data those that the policy has."""
    if label is Label.VRAAG:
        return ({}, *({"answer": answer.key} for answer in policy.answers))
    purposes = policy.purposes
    if label is Label.INTREKKEN:
        not_consent = [p.key for p in purposes if p.basis is not Basis.CONSENT]
        consent = [p.key for p in purposes if p.basis is Basis.CONSENT]
        meant = (consent[:1], not_consent[:1], [*consent[:1], *not_consent[:1]])
        return ({}, *({"purposes": ",".join(keys)} for keys in meant))
    if label is Label.BEZWAAR:
        picks = {
            "interest": [p.key for p in purposes if p.basis is Basis.LEGITIMATE_INTEREST and not p.marketing],
            "advertising": [p.key for p in purposes if p.marketing],
            "contract": [p.key for p in purposes if p.basis is Basis.CONTRACT],
        }
        weighed = ",".join(picks["interest"][:1])
        both = ",".join((*picks["interest"][:1], *picks["advertising"][:1]))
        return (
            {},
            {"purposes": weighed},
            {"purposes": weighed, "weighing": "stopped"},
            {"purposes": weighed, "weighing": "overriding", "interest": "[reden]", "why": "[waarom]"},
            *([{"purposes": both, "weighing": "overriding"}] if picks["advertising"] else []),
            *({"purposes": keys[0]} for name, keys in picks.items() if keys and name != "interest"),
        )
    return _CHOSEN.get(label, ({},))


def _refusals(policy: Policy, texts: Texts) -> Iterator[Sample]:
    for ground, label in _GROUNDS.items():
        facts = {name: f"[feit: {name}]" for name in GROUND_FACTS[ground]}
        blocked = "x" if ground in policy.blocked_grounds else ""
        letter = refusal_letter(
            _file(policy, texts, label, {}), ground, facts, "[wat wel kan]", override_reason=blocked
        )
        title = f"{label.value}: afgewezen op {_GROUND_WORDS[ground]}" + (
            " (geblokkeerd in dit beleid)" if blocked else ""
        )
        yield Sample(title, _readable(letter), missing(_written(letter), label, Decision.REFUSED))


def _on_the_way(policy: Policy, texts: Texts) -> Iterator[Sample]:
    file, later = _file(policy, texts, Label.INZAGE, {}), TOLD + timedelta(days=61)
    facts = BreachFacts(NOW.date(), "[wat]", "[welke gegevens]", "[gevolgen]", "[maatregelen]", "[advies]", True)
    made: list[tuple[ProcessLetter, str, Letter]] = [
        (ProcessLetter.EXTENSION, "ingewikkeld",
         extension_letter(file, ExtensionReason.COMPLEXITY, "[uitleg]", new_date=later)),
        (ProcessLetter.EXTENSION, "meer verzoeken",
         extension_letter(file, ExtensionReason.NUMBER, "[uitleg]", new_date=later)),
        (ProcessLetter.LATE, "", late_letter(file, new_date=later)),
        (ProcessLetter.LIFTING, "", lifting_letter(file, since=RECEIVED.date(), on=later, why="[waarom]")),
        (ProcessLetter.JOINED, "", joined_letter(file, ["VOORBEELD-2"])),
        (ProcessLetter.SPLIT, "", split_letter(file, "VOORBEELD-2", other_told=file.told_date)),
        (ProcessLetter.NARROW, "", narrow_letter(file, "[voorstel]")),
        (ProcessLetter.BREACH, "", breach_letter(policy, texts, "VOORBEELD-1", facts)),
        (ProcessLetter.HEIRS, "", heirs_letter(file)),
        (ProcessLetter.CHILD, "", child_letter(file)),
        (ProcessLetter.MANDATE, "gemachtigde", mandate_letter(file, MandateKind.REPRESENTATIVE)),
        (ProcessLetter.MANDATE, "ouder", mandate_letter(file, MandateKind.PARENT)),
        (ProcessLetter.MANDATE, "curator, mentor, bewindvoerder", mandate_letter(file, MandateKind.GUARDIAN)),
    ]  # fmt: skip
    for kind, what, letter in made:
        title = f"{_PROCESS[kind]} ({what})" if what else _PROCESS[kind]
        yield Sample(title, _readable(letter), missing_process(_written(letter), kind))
    closed = silence_letter(file, asked_on=date(2027, 2, 3))
    yield _answer("gesloten: geen reactie", closed, Decision.REFUSED)
    if policy.processor:
        away = redirect_letter(file, "Voorbeeldwinkel")
        yield _answer("doorgegeven aan een klant (verwerker)", away, Decision.TRANSFERRED)


def _answer(title: str, letter: Letter, decision: Decision) -> Sample:
    return Sample(title, _readable(letter), missing(_written(letter), Label.INZAGE, decision))


def _file(policy: Policy, texts: Texts, label: Label, chosen: Mapping[str, str], *, found: bool = True) -> CaseFile:
    return sample_case(policy, label, texts.form, texts, chosen, found=found)


def _written(letter: Letter) -> Letter:
    """As if staff had written in every block that waits for them."""
    return edit_free(
        letter, {b.key: f"[{b.hint}]" for b in letter.blocks if not b.fixed and b.empty and b.key != "note"}
    )


def _readable(letter: Letter) -> Letter:
    """Nothing open: free blocks show what is asked for, slots that they are filled in once it is done."""
    waiting = "[ingevuld na uitvoering]" if letter.form is not Form.EN else "[filled in once it is done]"
    written = _written(letter)
    return fill_slots(written, dict.fromkeys(slots(written), waiting))
