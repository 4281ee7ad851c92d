"""Pages made from policies are in step with them, and the commands that make papers and letters work."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import policy_choice
from bot.__main__ import app
from bot.avg_documents import avg_documents
from bot.demo.papers import papers
from bot.policy_choice import SHIPPED, chosen, shipped
from bot.sample_letters import sample_letters
from cases.errors import InputError
from cases.policy_check import never_said, wrong_form
from cases.types import Form, Label
from handlers.registry import HANDLERS
from tests.support.case_files import ORGANISATIONS, policy_of


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a config.toml."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", papers(), ids=lambda path: path.name)
def test_the_pages_under_docs_are_in_step(path: Path) -> None:
    """After a change: `python -m bot.demo.papers`."""
    assert path.read_text(encoding="utf-8") == papers()[path]


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_the_papers_are_filled_from_the_policy(organisation: str) -> None:
    policy = policy_of(organisation)
    made = avg_documents(policy)
    register, agreement = made["verwerkingsregister.md"], made["verwerkersovereenkomst.md"]
    assert all(recipient.name in register for recipient in policy.recipients)
    assert policy.controller in agreement
    paragraph = made["privacyverklaring.md"].partition("## ")[2]
    assert not wrong_form(policy.form, paragraph)
    assert never_said(policy, paragraph) == ()
    assert "{" not in "".join(made.values())


def test_the_rights_page_has_every_label_and_organisation() -> None:
    text = next(text for path, text in papers().items() if path.name == "rights.md")
    header, _, *rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(f"| {name} |" in header for name in ORGANISATIONS)
    assert [row.split("|")[1].strip() for row in rows][: len(Label)] == [label.value for label in HANDLERS]
    assert all(row.count("|") == header.count("|") for row in rows)


def test_without_a_configuration_the_shipped_policy_is_taken(elsewhere: Path) -> None:
    assert set(shipped()) == set(ORGANISATIONS)
    made = chosen("weservit", None)
    assert made.policy == policy_of("weservit")
    assert set(made.texts) == set(Form)
    with pytest.raises(InputError):
        chosen("nobody", None)


def test_a_sentence_of_the_house_is_read_with_the_policy(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = elsewhere / "whatnext" / "texts"
    texts.mkdir(parents=True)
    (elsewhere / "whatnext.toml").write_bytes((SHIPPED / "whatnext.toml").read_bytes())
    (texts / "frame.greeting.md").write_text("Hoi daar,", encoding="utf-8")
    monkeypatch.setattr(policy_choice, "SHIPPED", elsewhere)
    made = chosen("whatnext", None)
    letters = sample_letters(made.policy, made.texts[made.policy.form])
    assert sum("Hoi daar," in block.text for sample in letters for block in sample.letter.blocks) > 50


def test_check_is_of_use_before_there_is_a_mailbox(elsewhere: Path) -> None:
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 0
    for name in ORGANISATIONS:
        for row in policy_of(name).differences:
            assert f"Uw verklaring zegt: {row.says}" in result.output
            assert f"Voorgestelde zin:   {row.proposed}" in result.output
    assert "id_copy_in_statement" in result.output


def test_the_papers_are_written(elsewhere: Path) -> None:
    result = CliRunner().invoke(app, ["avg", "nexxt", "--out", "papers"])
    assert result.exit_code == 0
    assert sorted(file.name for file in Path("papers").iterdir()) == sorted(avg_documents(policy_of("nexxt")))


def test_every_letter_goes_into_one_pdf(elsewhere: Path) -> None:
    result = CliRunner().invoke(app, ["letters", "webanizr", "--no-english"])
    assert result.exit_code == 0
    assert Path("brieven-webanizr.pdf").read_bytes().startswith(b"%PDF-")
    assert "brieven in" in result.output
