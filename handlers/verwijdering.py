"""Erasure, art. 17: ask a running customer what is meant, then a dry run per record, the plan and the letter.

`CaseFile.chosen` may hold: `erasure` (unneeded, end_then_all or only_ads: what a running customer answered; silence is
the first), `end_on` (ISO date: the end of a contract that is ended first) and `customer` (running or former, where no
system says). The rule for a record is in `cases/erasure`, the dry run in `dry_run`, the words in `erasure_letter`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from cases.context import AMSTERDAM
from cases.erasure import KeptFor, Standing, standing_of, wait_before_erasing
from cases.errors import InputError
from cases.letters import Block, BlockKind, Letter
from cases.protocols import FindStatus
from cases.types import Decision, Label
from handlers.automatic import by_program
from handlers.base import Action, CaseFile, Needs, Prepared
from handlers.choices import picked
from handlers.dry_run import Record, actions, dry_run, lines, verb_of
from handlers.erasure_letter import (
    after_contract,
    consequences,
    decision_of,
    done,
    grounds,
    kept,
)
from handlers.outcomes import open_slots, sources_of
from handlers.parts import block, closing, free, head, letter, policy_text, tail, texts_of, titled
from handlers.planning import labels_of, opt_out, recipients, recipients_told
from handlers.searching import Outcome, not_asked, search
from handlers.wording import staff_texts

UNNEEDED, END_THEN_ALL, ONLY_ADS = "unneeded", "end_then_all", "only_ads"
_CHOICES = {  # in the order of the letter; silence is the first
    UNNEEDED: "erasure_ask.unneeded",
    END_THEN_ALL: "erasure_ask.end_then_all",
    ONLY_ADS: "erasure_ask.only_ads",
}


@dataclass(frozen=True, slots=True)
class Verwijdering:
    label: Label = Label.VERWIJDERING
    needs: Needs = Needs.CONTROLLER_SOURCES

    def prepare(self, file: CaseFile) -> Prepared:
        looked = search(file)
        if looked.nothing is not None:
            return looked.nothing
        result, remarks = looked.result, looked.notes
        standing = _standing(file)
        records = dry_run(file, standing)
        if not records:
            return _not_searched(file, result, remarks)
        choice = picked(file, "erasure")
        if standing.running and not choice:
            return _ask(file, records, remarks)
        if standing.running and choice == ONLY_ADS:
            return _only_ads(file, remarks)
        return _erase(file, standing, records, result, remarks)


# --- the erasure ------------------------------------------------------------------------------------------------------


def _erase(
    file: CaseFile, standing: Standing, records: Sequence[Record], result: Outcome, remarks: tuple[str, ...]
) -> Prepared:
    texts, policy = texts_of(file), file.policy
    plan, decision = actions(file, records, running=bool(standing.running)), decision_of(records)
    waited_for = _unreached(file) if policy.erasure.every_system else ()
    told = recipients(file, _touched(records))
    ends = standing.until if picked(file, "erasure") == END_THEN_ALL else None
    blocks = (
        *head(file, decision, texts.say("erasure.not_everywhere") if result.failed and plan else ""),
        *((after_contract(file, texts.day(ends)),) if ends else ()),
        *done(file, records, plan, waited_for),
        kept(file, records, standing),
        *grounds(file, records),
        *consequences(file, records, told),
        *not_asked(file, result),
        *tail(file, refusal=decision is not Decision.GRANTED),
    )
    today = file.now.astimezone(AMSTERDAM).date()
    return Prepared(
        decision,
        plan,
        letter(file, blocks),
        None,
        (*_remarks(file, standing, records, plan, waited_for), *remarks),
        lines=lines(records),
        wait=wait_before_erasing(policy, today, file.told_date),
        tell=tuple(item.key for item in told),
    )


def _standing(file: CaseFile) -> Standing:
    standing = standing_of(file.found, picked(file, "customer"))
    ends = picked(file, "end_on")
    if not standing.running or not ends:
        return standing
    try:
        return replace(standing, until=date.fromisoformat(ends))
    except ValueError as error:
        raise InputError("bad_date") from error


def _touched(records: Sequence[Record]) -> set[str]:
    """Categories of the data that go."""
    categories: set[str] = set()
    for record in records:
        going = record.verdict.columns or [item.name for item in record.table.fields]
        if verb_of(record.verdict):
            categories |= {item.category for item in record.table.fields if item.name in going}
    return categories


def _unreached(file: CaseFile) -> tuple[str, ...]:
    answered = {found.source for found in file.found if found.status is not FindStatus.FAILED}
    return tuple(source.name for source in file.sources if source.name not in answered)


def _remarks(
    file: CaseFile, standing: Standing, records: Sequence[Record], plan: Sequence[Action], waited_for: Sequence[str]
) -> tuple[str, ...]:
    """What staff should know before they approve."""
    say = staff_texts().say
    remarks = [say("note.access_first")] if Label.INZAGE in file.also else []
    if standing.running is None:
        remarks.append(say("note.customer_unknown"))
    if picked(file, "erasure") == END_THEN_ALL and standing.until is None:
        remarks.append(say("note.no_end"))
    if waited_for:
        labels = labels_of(file)
        remarks.append(say("note.every_system", systems=", ".join(labels[name] for name in waited_for)))
    by_law = [record for record in records if record.verdict.kept_for is KeptFor.LAW and not record.dated]
    undated = Counter((record.source.label, record.table.label) for record in by_law)
    remarks += [
        say("note.undated", system=system, table=table, count=count) for (system, table), count in undated.items()
    ]
    remarks += [say("note.by_hand", what=action.description) for action in plan if action.by_hand]
    return tuple(remarks)


def _not_searched(file: CaseFile, result: Outcome, remarks: tuple[str, ...]) -> Prepared:
    """Nothing found so far and not looked everywhere: says so, and erases nothing. Without any system staff write."""
    texts = texts_of(file)
    if not file.sources:
        written = [free(texts, kind) for kind in (BlockKind.DONE, BlockKind.KEPT)]
        blocks = (*head(file, Decision.GRANTED), *written, *consequences(file, (), ()), *tail(file))
        return Prepared(Decision.GRANTED, (), letter(file, blocks), None, (staff_texts().say("note.write"), *remarks))
    opening = texts.say("decision.inzage_empty")
    blocks = (*head(file, Decision.INFORMATION, opening), *not_asked(file, result), *tail(file))
    return Prepared(Decision.INFORMATION, (), letter(file, blocks), None, remarks)


# --- a running customer -----------------------------------------------------------------------------------------------


def _ask(file: CaseFile, records: Sequence[Record], remarks: tuple[str, ...]) -> Prepared:
    """Erasing everything would end site, domain and mail: the person says what is meant. Counts, no data."""
    texts = texts_of(file)
    needed = Counter(record.table.label for record in records if record.verdict.kept_for is KeptFor.CONTRACT)
    choices = [f"{number}. {texts.say(key)}" for number, key in enumerate(_CHOICES.values(), 1)]
    blocks = (
        block(BlockKind.GREETING, texts.say("frame.greeting")),
        block(BlockKind.TEXT, texts.say("erasure_ask.text"), items=[f"{name} ({n})" for name, n in needed.items()]),
        block(BlockKind.CHOICES, texts.say("erasure_ask.question"), items=choices),
        block(
            BlockKind.TEXT,
            texts.say("erasure_ask.answer"),
            texts.say("erasure_ask.told", told=texts.day(file.told_date)),
            key="answer",
        ),
        closing(texts, file.policy),
    )
    question = Letter(texts.say("erasure_ask.subject", case=file.case_number), texts.form, by_program(file, blocks))
    return Prepared(Decision.INFORMATION, (), question, None, remarks, asks="erasure", options=tuple(_CHOICES))


def _only_ads(file: CaseFile, remarks: tuple[str, ...]) -> Prepared:
    """The person wants no erasure after all, only no advertising (21(3)): absolute, in every system that can."""
    texts, plan = texts_of(file), opt_out(file)
    blocks: tuple[Block, ...] = (
        *head(file, Decision.GRANTED, texts.say("erasure.only_ads")),
        *open_slots(sources_of(plan), labels_of(file), texts.say("heading.done"), texts.say("erasure.only_ads_done")),
        titled(texts, BlockKind.KEPT, texts.say("erasure.only_ads_kept")),
        titled(texts, BlockKind.RESTRICTED_USE, texts.say("erasure.only_ads_use")),
        recipients_told(file, ()),
        titled(texts, BlockKind.BACKUPS, texts.say("erasure.only_ads_backups")),
        titled(texts, BlockKind.SUPPRESSION, texts.say("erasure.only_ads_suppression")),
        titled(texts, BlockKind.ACCOUNT, texts.say("erasure.account_stays")),
        block(BlockKind.CONTINUES, policy_text(file.policy.service_messages, texts, "opt_out.continues")),
        *tail(file),
    )
    return Prepared(Decision.GRANTED, plan, letter(file, blocks), None, remarks)
