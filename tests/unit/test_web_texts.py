"""The pages' sentences: three forms, the same keys and variables, no mixed forms of address; words for every value."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from cases.audit import AuditTag
from cases.dialogue import Awaited
from cases.identity import CodePurpose, ProofMethod
from cases.letters import GROUND_FACTS, REQUIRED
from cases.protocols import FindStatus
from cases.reading import Flag
from cases.types import (
    Assurance,
    Awaiting,
    ChannelKind,
    DeadlineKind,
    Decision,
    DraftStatus,
    Form,
    Label,
    MachineKind,
    OutboxKind,
    OutboxStatus,
    RefusalGround,
    RequestState,
    WorkKind,
)
from handlers.wording import variables, wrong_form
from web import answers, letter_words, words
from web.form import WISHES
from web.staff import rights
from web.texts import page_texts

TEMPLATES = Path(words.__file__).parent / "templates"
REQUESTER_PAGES = (
    "case_page", "download_page", "privacy_page", "link_gone", "withdraw", "requester", "undo", "transfer", "form",
    "form_sent", "chat_page",
)  # fmt: skip


@pytest.mark.parametrize("form", list(Form))
def test_forms_have_the_same_keys_and_variables(form: Form) -> None:
    base, other = page_texts(Form.NL_U), page_texts(form)
    assert other.sentences.keys() == base.sentences.keys()
    assert len(other.months) == 12
    for key, sentence in base.sentences.items():
        assert variables(other.sentences[key]) == variables(sentence), key


@pytest.mark.parametrize("form", [Form.NL_JE, Form.NL_U])
def test_no_sentence_mixes_forms_of_address(form: Form) -> None:
    found = {key: wrong_form(form, sentence) for key, sentence in page_texts(form).sentences.items()}
    assert not any(found.values()), {key: value for key, value in found.items() if value}


def test_every_sentence_is_used_and_every_used_one_exists() -> None:
    rooms = (*(TEMPLATES.parent / "requester").glob("*.py"), TEMPLATES.parent / "form.py")
    code = "".join(path.read_text() for path in rooms)
    pages = "".join((TEMPLATES / f"{name}.html").read_text() for name in REQUESTER_PAGES)
    used = set(re.findall(r"'((?:common|case|download|privacy|undo|transfer|form|chat)\.\w+)'", pages))
    used |= set(re.findall(r'"((?:common|case|download|privacy|undo|transfer|form|chat)\.\w+)"', code))
    used = used - {"form.wish_", "form.html"} | {f"form.wish_{label.value}" for label in WISHES}
    used |= {f"case.{state}" for state in RequestState if state is not RequestState.RECEIVED}
    assert used == set(page_texts(Form.NL_U).sentences)


@pytest.mark.parametrize(
    ("known", "values"),
    [
        (words.LABELS, Label),
        (words.STATES, RequestState),
        (words.AWAITING, Awaiting),
        (words.WORK, WorkKind),
        (words.WORK_SHORT, WorkKind),
        (words.AWAITED, Awaited),
        (words.TERMS, DeadlineKind),
        (words.DECISIONS, Decision),
        (words.DRAFTS, DraftStatus),
        (words.SENDINGS, OutboxStatus),
        (words.MAIL_KINDS, OutboxKind),
        (words.CHANNELS, ChannelKind),
        (words.FINDINGS, FindStatus),
        (letter_words.GROUNDS, RefusalGround),
        (words.FLAGS, Flag),
    ],
)
def test_every_stored_value_has_a_word(known: dict[str, str], values: type[StrEnum]) -> None:
    missing = [value.value for value in values if value.value not in known]
    assert not missing


def test_levels_proofs_acts_facts_and_blocks_have_words() -> None:
    assert set(words.ASSURANCE) == {level.value for level in Assurance}
    assert {fact for facts in GROUND_FACTS.values() for fact in facts} == set(letter_words.GROUND_FACTS)
    assert {kind for kinds in REQUIRED.values() for kind in kinds} <= set(letter_words.BLOCKS)
    assert {purpose.value for purpose in CodePurpose} - {"download"} <= set(words.EVIDENCE)
    assert set(ProofMethod) <= set(words.EVIDENCE)
    of_a_case = {tag.value for tag in AuditTag if not tag.value.startswith(("staff.", "channel."))}
    assert of_a_case <= set(words.AUDIT)


# What `open_work(detail=…)` is handed when it is no plain text: the values it can have.
HANDED: dict[str, Iterable[str]] = {
    "due.warning.value": DeadlineKind,
    "Decision.TRANSFERRED.value": [Decision.TRANSFERRED],
    "work.prepared.decision.value": Decision,
    "opened.row.decision": Decision,
    "draft.decision": Decision,
    "found.decision": Decision,
    "','.join(sorted((flag.value for flag in self.reading.flags)))": Flag,
    "self.parsed.machine.value if self.parsed.machine else ''": MachineKind,
    "doubt": ["several_addresses", "lookup"],
    "row.kind": OutboxKind,
    "post.kind.value": OutboxKind,
    "item.failure": ["unreadable", "stale"],  # else the name of an error, as it is
    "','.join(names)": [],  # systems, called as their organisation calls them
    "name": [],  # a channel
    "decision.value": Decision,
    "failure": ["unreadable", "stale"],
    "detail": ["too_many_codes"],
    "row.source": [],  # a system
    "source": [],
    "action.source": [],
    "info.name": [],
    "recipient.key": [],  # a recipient, called as the policy calls it
    "case_number": [],
    "f'{source},{number}'": [],  # a system and a case
    "f'{one.source},{one.mark.case_number}'": [],
    "kind": ["sent_wrong", "reported"],  # of a breach
    "'undo_failed' if failed else 'undone'": ["undo_failed", "undone"],
}


def details() -> Iterator[tuple[str, str]]:
    """Every detail that a line of work can be opened with, and where."""
    root = Path(words.__file__).parent.parent
    for path in sorted([*(root / "workflow").glob("*.py"), *(root / "storage" / "queries").glob("*.py")]):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "open_work":
                for given in (keyword.value for keyword in call.keywords if keyword.arg == "detail"):
                    if isinstance(given, ast.Constant):
                        yield str(given.value), path.name
                    else:
                        yield from ((value, path.name) for value in HANDED[ast.unparse(given)])


def test_every_detail_of_work_has_words() -> None:
    found = dict(details())
    assert len(found) > 40, "the calls are not where this test looks"
    assert {code: where for code, where in found.items() if words.detail(code) == code} == {}
    own = set(words.DETAILS) - {"stale"}
    assert own <= set(found), "words that nobody uses any more"


def test_several_details_stand_side_by_side() -> None:
    assert words.detail("wants_human,also_other") == "wil een mens, vraagt ook iets anders"
    assert words.detail("crm,boeken", {"crm": "Klantenbestand"}) == "Klantenbestand, boeken"
    assert words.detail("") == ""


def test_what_may_be_said_after_an_act_exists() -> None:
    """Every `melding` of a redirect has its sentence, and every sentence is said."""
    code = "".join(path.read_text(encoding="utf-8") for path in (TEMPLATES.parent / "staff").glob("*.py"))
    said = set(re.findall(r"melding=([a-z-]+)", code)) | set(re.findall(r'(?:return|else) "([a-z-]+)"', code))
    said |= {act.notice for act in rights.ACTS}
    assert {act.notice for act in rights.ACTS} <= set(answers.NOTICES)
    assert set(answers.NOTICES) <= said
    assert set(re.findall(r"melding=([a-z-]+)", code)) <= set(answers.NOTICES)
