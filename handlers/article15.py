"""The information of art. 15(1)(a)-(h) and 15(2), from the policy, for the kinds of data this person has with us.

Made of blocks, so that letter, overview and PDF say the same. The data themselves are in `inzage`.
"""

from __future__ import annotations

from cases.export import InfoSection
from cases.letters import Block, BlockKind, Table
from cases.policy import Basis, Category, Recipient, RetentionRule, RetentionSource
from handlers.base import CaseFile
from handlers.masking import Shown
from handlers.parts import policy_text, texts_of, titled
from handlers.wording import Texts

_RIGHTS = ("correct", "erase", "restrict", "object", "portable", "consent")


def information(file: CaseFile, shown: Shown, *, complete: bool) -> tuple[Block, ...]:
    """`complete`: every source answered. Only then may a kind of data be left out because it was not found."""
    categories = relevant(file, shown, complete=complete)
    keys = {category.key for category in categories}
    recipients = [item for item in file.policy.recipients if keys & set(item.categories)]
    return (
        _purposes(file, categories),
        _categories(file, categories, shown),
        _recipients(file, recipients, shown),
        _retention(file, categories),
        titled(
            texts_of(file),
            BlockKind.SOURCE,
            policy_text(file.policy.source_of_data, texts_of(file), "inzage.source"),
        ),
        _rights(texts_of(file)),
        automated(file),
        _transfers(file, recipients),
    )


def sections(blocks: tuple[Block, ...]) -> tuple[InfoSection, ...]:
    """The same information for the overview in the export."""
    return tuple(InfoSection(block.heading, block.text, block.items, block.table) for block in blocks)


def relevant(file: CaseFile, shown: Shown, *, complete: bool) -> tuple[Category, ...]:
    """Kinds of data this person has here: all but those that were searched for in every system and not found."""
    if not complete:
        return file.policy.categories
    searched = {field.category for source in file.sources for table in source.tables for field in table.fields}
    return tuple(
        category
        for category in file.policy.categories
        if category.key in shown.categories or category.key not in searched
    )


def automated(file: CaseFile) -> Block:
    """Art. 22 and 15(1)(h)."""
    decisions, texts = file.policy.automated_decisions, texts_of(file)
    fallback = "inzage.automated_used" if decisions.used else "inzage.automated_none"
    return titled(texts, BlockKind.AUTOMATED, policy_text(decisions.text, texts, fallback))


def basis_words(texts: Texts, basis: Basis) -> str:
    return texts.say(f"basis.{basis.name.lower()}")


def _purposes(file: CaseFile, categories: tuple[Category, ...]) -> Block:
    texts = texts_of(file)
    labels = {category.key: category.label for category in categories}
    rows = tuple(
        (
            f"{purpose.title} ({purpose.note})" if purpose.note else purpose.title,
            basis_words(texts, purpose.basis),
            ", ".join(labels[key] for key in purpose.categories if key in labels),
        )
        for purpose in file.policy.purposes
        if set(purpose.categories) & set(labels)
    )
    header = _header(texts, "col_purpose", "col_basis", "col_categories")
    return titled(texts, BlockKind.PURPOSES, texts.say("inzage.purposes"), table=Table(header, rows))


def _categories(file: CaseFile, categories: tuple[Category, ...], shown: Shown) -> Block:
    texts = texts_of(file)
    rows = tuple(
        (
            category.label,
            category.description,
            texts.say("inzage.in_file_yes" if category.key in shown.categories else "inzage.in_file_maybe"),
        )
        for category in categories
    )
    header = _header(texts, "col_category", "col_description", "col_in_file")
    return titled(texts, BlockKind.CATEGORIES, texts.say("inzage.categories"), table=Table(header, rows))


def _recipients(file: CaseFile, recipients: list[Recipient], shown: Shown) -> Block:
    """By name (CJEU C-154/21); those in whose system this person was found first, then 'mogelijk'."""
    texts = texts_of(file)
    if not recipients:
        return titled(texts, BlockKind.RECIPIENTS, texts.say("inzage.no_recipients"))
    systems = {table.source for table in shown.tables}
    ordered = sorted(recipients, key=lambda item: item.system not in systems)  # stable: policy order inside
    rows = tuple(
        (
            item.name,
            item.purpose,
            item.country,
            texts.say("inzage.received_yes" if item.system in systems else "inzage.received_maybe"),
        )
        for item in ordered
    )
    header = _header(texts, "col_recipient", "col_why", "col_country", "col_received")
    return titled(texts, BlockKind.RECIPIENTS, texts.say("inzage.recipients"), table=Table(header, rows))


def _retention(file: CaseFile, categories: tuple[Category, ...]) -> Block:
    texts = texts_of(file)
    rows = tuple(
        (category.label, rule.text, _rule_words(texts, rule))
        for category in categories
        for rule in file.policy.retention
        if rule.category == category.key
    )
    header = _header(texts, "col_category", "col_term", "col_law")
    return titled(texts, BlockKind.RETENTION, texts.say("inzage.retention"), table=Table(header, rows))


def _rule_words(texts: Texts, rule: RetentionRule) -> str:
    if rule.source is RetentionSource.LAW:
        return texts.say("inzage.rule_law", law=rule.law)
    return texts.say(f"inzage.rule_{rule.source.value}")


def _rights(texts: Texts) -> Block:
    items = [texts.say(f"inzage.right_{name}") for name in _RIGHTS]
    return titled(texts, BlockKind.RIGHTS, texts.say("inzage.rights"), items=items)


def _transfers(file: CaseFile, recipients: list[Recipient]) -> Block:
    texts = texts_of(file)
    outside = [item for item in recipients if not item.eea]
    if not outside:
        return titled(texts, BlockKind.TRANSFERS, texts.say("inzage.no_transfers"))
    header = _header(texts, "col_recipient", "col_country", "col_safeguard")
    rows = tuple((item.name, item.country, item.safeguard) for item in outside)
    return titled(texts, BlockKind.TRANSFERS, texts.say("inzage.transfers"), table=Table(header, rows))


def _header(texts: Texts, *keys: str) -> tuple[str, ...]:
    return tuple(texts.say(f"inzage.{key}") for key in keys)
