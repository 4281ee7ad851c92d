"""What may come into the world of `web_world` later: a complaint, a message that did not simply leave."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cases.types import Assurance, ChannelKind, Label, OutboxKind, OutboxStatus, RequestState, WorkKind
from storage.models import Outbox
from storage.queries.writing import Post, Route, open_work, queue
from storage.unit import Unit
from tests.support.web_rows import NOW, add_case, add_request

if TYPE_CHECKING:
    from tests.support.web_world import World


def add_complaint(unit: Unit, made: World) -> None:
    """Eva complains; nobody has written anything yet."""
    received = NOW - timedelta(days=4)
    add_case(
        unit, made, "eva", number="WN-2026-0020", name="Eva Kok", address="eva@klant.example", received=received,
        assurance=Assurance.MAILBOX_PROVEN,
    )  # fmt: skip
    add_request(unit, made, "eva", Label.KLACHT, RequestState.AWAITING_APPROVAL, received)


def add_sending(unit: Unit, made: World, mark: str, status: OutboxStatus, *, of_case: bool = True) -> str:
    """A code mail of Anna's that is uncertain or failed, with its line for staff; gives its id."""
    key_id, talk_id, case_id = (made.ids[f"anna.{name}"] for name in ("key", "talk", "case"))
    outbox_id = unit.new_id()
    route = Route(
        "whatnext", ChannelKind.EMAIL, "info@whatnext.example", "anna@klant.example",
        made.desk.index("whatnext", "email", "anna@klant.example"), key_id, talk_id, case_id if of_case else None,
    )  # fmt: skip
    post = Post(OutboxKind.IDENTITY_CODE, "Een code", "Een code", "<p>Een code</p>")
    queue(unit, route, post, outbox_id=outbox_id, message_id=f"<{outbox_id}@whatnext.example>")
    unit.flush()
    unit.change(Outbox, outbox_id, status=status.value)
    kind = WorkKind.SEND_UNCERTAIN if status is OutboxStatus.UNCERTAIN else WorkKind.NOT_DELIVERED
    open_work(
        unit, kind, "whatnext", same=outbox_id, case_id=case_id if of_case else None, outbox_id=outbox_id,
        detail=OutboxKind.IDENTITY_CODE.value,
    )  # fmt: skip
    made.ids[mark] = outbox_id
    return outbox_id
