"""The pure parts of sending: bounce addresses, the provider's hour, what a refusal means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.context import random_id
from cases.errors import OutsideError, Permanent, Temporary, Throttled
from intake.email.replies import refusal, scrubbed
from intake.email.throttle import Bucket
from intake.email.verp import bounced_outbox_id, make_bounce_address
from tests.support.thorough import tries

BOX = "info@whatnext.example"
KEY, OLD, FOREIGN = b"k" * 32, b"o" * 32, b"f" * 32


def test_a_bounce_names_its_row() -> None:
    outbox_id = random_id()
    address = make_bounce_address(BOX, outbox_id, KEY)
    assert address.endswith("@whatnext.example")
    assert len(address.partition("@")[0]) <= 64
    assert bounced_outbox_id(["iemand@voorbeeld.example", f"<{address.upper()}>"], [KEY]) == outbox_id
    assert bounced_outbox_id([address], [FOREIGN, KEY]) == outbox_id
    assert bounced_outbox_id([address], [FOREIGN, OLD, KEY]) is None  # two keys are valid at a time
    assert bounced_outbox_id([address], []) is None


def test_nobody_else_can_make_one() -> None:
    address = make_bounce_address(BOX, random_id(), KEY)
    other_box = address.replace("info+", "post+")
    turned = address.replace("+b", "+c")
    letter = "a" if address[15] != "a" else "b"
    for forged in (other_box, turned, address[:15] + letter + address[16:], BOX, "", "+b@x"):
        assert bounced_outbox_id([forged], [KEY]) is None


def test_without_room_the_mailbox_itself() -> None:
    long = "klantenservice-en-administratie@whatnext.example"
    assert make_bounce_address(long, random_id(), KEY) == long


@tries(100)
@given(outbox_id=st.one_of(st.text(max_size=30), st.uuids().map(lambda value: value.hex)))
def test_any_id_comes_back_or_is_left_out(outbox_id: str) -> None:
    try:
        address = make_bounce_address(BOX, outbox_id, KEY)
    except UnicodeEncodeError:
        assert any("\ud800" <= letter <= "\udfff" for letter in outbox_id)
        return
    if address != BOX and outbox_id:
        assert bounced_outbox_id([address], [KEY]) == outbox_id


@tries(100)
@given(st.text(max_size=120))
def test_any_address_is_read(address: str) -> None:
    assert bounced_outbox_id([address], [KEY]) is None


@pytest.mark.parametrize("per_hour", [1, 5, 30, 300, 10_000])
def test_no_hour_sees_more_than_the_limit(per_hour: int) -> None:
    bucket, now = Bucket(per_hour), 1000.0
    sent: list[float] = []
    while now < 1000.0 + 3 * 3600 and len(sent) < 3 * per_hour:
        wait = bucket.wait(now)
        if wait > 0:
            now += wait + 1e-6
            continue
        bucket.take()
        sent.append(now)
    first = sent[0]
    assert sum(moment < first + 3600 for moment in sent) <= per_hour
    assert sum(moment < first + 3 * 3600 for moment in sent) >= 2 * per_hour  # and it is used


def test_the_bucket_tells_how_long() -> None:
    bucket = Bucket(10)  # one at once, nine an hour
    assert bucket.wait(0.0) == 0
    bucket.take()
    assert bucket.wait(0.0) == pytest.approx(400)
    assert bucket.wait(300.0) == pytest.approx(100)
    assert bucket.wait(401.0) == 0
    bucket.take()
    assert bucket.wait(100_000.0) == 0
    bucket.take()
    assert bucket.wait(100_000.0) > 0  # an idle night saves nothing up


@pytest.mark.parametrize(
    ("code", "reply", "kind"),
    [
        (450, "4.7.1 <sanne@voorbeeld.example>: Greylisted, please try again", Temporary),
        (451, "4.3.0 Temporary lookup failure", Temporary),
        (452, "4.2.2 The email account that you tried to reach is over quota limit", Temporary),
        (421, "4.7.0 Try again later, closing connection", Temporary),
        (421, "4.7.28 Our system has detected an unusual rate limit of mail", Throttled),
        (452, "4.5.3 Too many recipients", Throttled),
        (451, "4.7.500 Server busy. Too many messages", Throttled),
        (432, "4.3.2 Concurrent connections limit exceeded", Throttled),
        (550, "5.4.5 Daily user sending limit exceeded", Throttled),
        (550, "5.1.90 Your message can't be sent because you've reached your daily limit", Throttled),
        (554, "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", Throttled),
        (535, "5.7.8 Authentication credentials invalid", Temporary),
        (530, "5.7.0 Must issue a STARTTLS command first", Temporary),
        (550, "5.7.57 Client not authenticated to send mail", Temporary),
        (550, "5.1.1 <sanne@voorbeeld.example> unknown here", Permanent),
        (552, "5.2.2 Mailbox full, quota limit reached", Permanent),
        (552, "5.3.4 Message too big", Permanent),
        (554, "5.7.1 Refused", Permanent),
        (554, "", Permanent),
        (599, "iets", Permanent),
    ],
)
def test_what_a_refusal_means(code: int, reply: str, kind: type[OutsideError]) -> None:
    error = refusal(code, reply)
    assert type(error) is kind
    assert str(code) in str(error)
    assert "voorbeeld.example" not in str(error)
    if isinstance(error, Throttled):
        assert error.retry_after.total_seconds() >= 900


def test_replies_are_shown_on_one_short_line_without_addresses() -> None:
    text = scrubbed(550, "5.1.1 <sanne@voorbeeld.example>:\r\n no such\tuser " + "x" * 500)
    assert text.startswith("550 5.1.1 <[adres]>: no such user")
    assert len(text) <= 200
