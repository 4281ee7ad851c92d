"""Hand-over 2: the package that a person approves, as it is kept and opened. Letter, changes, dry run, export.

One digest covers all of it: who approves these bytes approves these changes to these records, and an export with these
values of others left out. What happens to a
package is in `approval` (a person decides) and `execute` (it is carried out).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, select

from cases.audit import AuditTag
from cases.errors import RuleError
from cases.letters import Letter, from_json, to_json
from cases.others import Other, from_plain, to_plain
from cases.protocols import Identifier
from cases.types import DraftStatus, Fate, RestrictionGround, Verb
from handlers.base import Action, Line, Prepared
from storage.models import Draft, Export, Link, table
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.writing import void_drafts
from storage.unit import Reads, Unit


@dataclass(frozen=True, slots=True)
class Doing:
    """What is to be done besides the letter."""

    actions: tuple[Action, ...] = ()
    lines: tuple[Line, ...] = ()
    wait: timedelta = timedelta()
    tell: tuple[str, ...] = ()
    meanwhile: tuple[Action, ...] = ()  # a freeze before there is a decision, by a button of its own
    restriction: RestrictionGround | None = None
    review_on: date | None = None

    @property
    def summary(self) -> list[dict[str, Any]]:
        """Without a word about anybody: shown in lists and kept in the clear."""
        return [
            {"source": a.source, "verb": a.verb.value, "table": a.table, "records": len(a.keys), "by_hand": a.by_hand,
             "reversible": a.reversible}
            for a in self.actions
        ]  # fmt: skip


NOTHING = Doing()


@dataclass(frozen=True, slots=True)
class Opened:
    """A draft with its request, as read for deciding."""

    row: Row[Any]
    letter: Letter
    facts: RequestFacts
    export_digest: str
    link_id: str | None
    doing: Doing = field(default=NOTHING)
    others: tuple[Other, ...] = ()

    def digest_with(self, letter: Letter) -> str:
        """The digest of this package with another wording of its letter."""
        return package_digest(
            letter, self.doing, export=self.export_digest, recipient=self.facts.address,
            policy=self.row.policy_version,
        )  # fmt: skip


def doing_of(prepared: Prepared) -> Doing:
    return Doing(
        prepared.actions, prepared.lines, prepared.wait, prepared.tell, prepared.meanwhile, prepared.restriction,
        prepared.review_on,
    )  # fmt: skip


def package_digest(letter: Letter, doing: Doing, *, export: str, recipient: str, policy: str) -> str:
    """What a person approves, as one digest: letter, changes, dry run, export, recipient and policy version."""
    parts = [to_json(letter), _to_json(doing), export, recipient, policy]
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()


def write_draft(
    unit: Unit, facts: RequestFacts, *, prepared: Prepared, letter: Letter, export_id: str | None, made_by: str,
    policy_version: str, export_digest: str = "", ground: str = "", status: DraftStatus = DraftStatus.OPEN,
) -> str:  # fmt: skip
    """Keeps the package and gives its draft id. Older drafts of the request are void from here on."""
    void_drafts(unit, facts.id)
    draft_id, doing = unit.new_id(), doing_of(prepared)
    sealer = unit.keys.data(unit, facts.case_key_id)
    digest = package_digest(letter, doing, export=export_digest, recipient=facts.address, policy=policy_version)
    unit.add(
        Draft, id=draft_id, organisation_id=facts.organisation, request_id=facts.id, export_id=export_id,
        data_key_id=facts.case_key_id, status=status.value, decision=prepared.decision.value, ground=ground,
        letter=sealer.seal_text(to_json(letter), f"draft.letter:{draft_id}"),
        notes=sealer.seal_json(list(prepared.staff_notes), f"draft.notes:{draft_id}"), plan=doing.summary,
        actions=None if doing == NOTHING else sealer.seal_text(_to_json(doing), f"draft.actions:{draft_id}"),
        others=sealer.seal_json(to_plain(prepared.others), f"draft.others:{draft_id}") if prepared.others else None,
        package_digest=digest, content_version=facts.content_version, policy_version=policy_version, made_by=made_by,
        created_at=unit.now,
    )  # fmt: skip
    unit.record(
        AuditTag.DRAFT_MADE, organisation=facts.organisation, actor=made_by, case=facts.case_id, subject=draft_id,
        decision=prepared.decision.value, digest=digest, ground=ground, content_version=facts.content_version,
    )  # fmt: skip
    return draft_id


def open_draft(reads: Reads, draft_id: str) -> Opened:
    """Raises RuleError when there is no such draft."""
    drafts, exports, links = table(Draft), table(Export), table(Link)
    row = reads.one(select(drafts).where(drafts.c.id == draft_id))
    if row is None:
        raise RuleError("no such draft")
    facts = request_facts(reads, row.request_id)
    assert facts is not None
    sealer = reads.keys.data(reads, row.data_key_id)
    letter = from_json(sealer.open_text(row.letter, f"draft.letter:{draft_id}"))
    doing = NOTHING
    if row.actions is not None:
        doing = _from_json(sealer.open_text(row.actions, f"draft.actions:{draft_id}"))
    others: tuple[Other, ...] = ()
    if row.others is not None:
        others = from_plain(sealer.open_json(row.others, f"draft.others:{draft_id}"))
    export_digest = reads.value(select(exports.c.digest).where(exports.c.id == row.export_id)) if row.export_id else ""
    link_id = reads.value(select(links.c.id).where(links.c.export_id == row.export_id)) if row.export_id else None
    return Opened(row, letter, facts, export_digest or "", link_id, doing, others)


# --- as text ----------------------------------------------------------------------------------------------------------


def _to_json(doing: Doing) -> str:
    """One stable text; "" for nothing to do, so that packages without changes keep their digest."""
    if doing == NOTHING:
        return ""
    data = {
        "actions": [_plain(action) for action in doing.actions],
        "lines": [_plain(line) for line in doing.lines],
        "wait": doing.wait.total_seconds(),
        "tell": doing.tell,
        "meanwhile": [_plain(action) for action in doing.meanwhile],
        "restriction": doing.restriction,
        "review_on": doing.review_on,
    }
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def _plain(value: Action | Line) -> dict[str, Any]:
    """Field by field: a mapping proxy inside can not be copied by `asdict`."""
    plain = {}
    for each in fields(value):
        content = getattr(value, each.name)
        if isinstance(content, Mapping):
            content = dict(content)
        elif each.name == "identifiers":
            content = [asdict(one) for one in content]
        plain[each.name] = content
    return plain


def _from_json(text: str) -> Doing:
    data = json.loads(text)
    return Doing(
        tuple(_action(one) for one in data["actions"]), tuple(_line(one) for one in data["lines"]),
        timedelta(seconds=data["wait"]), tuple(data["tell"]), tuple(_action(one) for one in data["meanwhile"]),
        RestrictionGround(data["restriction"]) if data["restriction"] else None,
        date.fromisoformat(data["review_on"]) if data["review_on"] else None,
    )  # fmt: skip


def _action(data: dict[str, Any]) -> Action:
    tuples = {name: tuple(data[name]) for name in ("keys", "columns", "channels")}
    identifiers = tuple(Identifier(**one) for one in data["identifiers"])
    return Action(**(data | tuples | {"verb": Verb(data["verb"]), "identifiers": identifiers}))


def _line(data: dict[str, Any]) -> Line:
    ends = data["ends_on"]
    return Line(
        **(
            data
            | {"fate": Fate(data["fate"]), "columns": tuple(data["columns"])}
            | {"ends_on": date.fromisoformat(ends) if ends else None}
            | {"says": tuple((column, value) for column, value in data.get("says", ()))}
            | {"addresses": tuple(data.get("addresses", ()))}
        )
    )
