"""Is the address in From borne out? The receiver's word, seals, and our own check with a zone in memory."""

from __future__ import annotations

import logging
from dataclasses import replace

import dkim as library
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.errors import Temporary
from cases.messages import RawInbound
from cases.protocols import SenderEvidence, SenderLevel
from cases.types import Custody
from intake.email.authentication import SenderCheck
from intake.email.resolver import Answers, SystemResolver
from intake.email.settings import SenderCheckSettings
from intake.normalise import normalise
from tests.support.dns_zone import DKIM_SELECTOR, Zone, rsa_key, served
from tests.support.mails import inbound, mail
from tests.support.thorough import tries

MX = "mx.ontvanger.example"
RECEIVED = f"Received: from post.voorbeeld.example (post.voorbeeld.example [192.0.2.7]) by {MX} with ESMTPS; x\r\n"
THEIRS = "Received: from a (b [198.51.100.9]) by mx.elders.example; x\r\n"
TRUSTS = SenderCheckSettings(authserv_ids=(MX,), own_check=False)
OWN = SenderCheckSettings(received_by=(MX,))
MAIL = mail().replace(b"\n", b"\r\n")
ALIGNED, FAILED, UNCHECKED = SenderLevel.ALIGNED, SenderLevel.FAILED, SenderLevel.UNCHECKED


def judge(raw: bytes, how: SenderCheckSettings, zone: Zone | None = None, **fields: object) -> SenderEvidence:
    check = SenderCheck({"whatnext": how}, zone or Zone(), lambda _: ("whatnext.example",))
    message: RawInbound = replace(inbound(raw), **fields)  # type: ignore[arg-type]
    return check.judge(message, normalise(message))


def results(*said: str, by: str = MX) -> bytes:
    return "".join(f"Authentication-Results: {by}; {text}\r\n" for text in said).encode() + MAIL


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("dmarc=pass header.from=voorbeeld.example", ALIGNED),
        ("dmarc=pass header.from=kwaad.example", UNCHECKED),
        ("dmarc=pass", UNCHECKED),
        ("dmarc=pass header.from=kwaad.example; dkim=pass header.d=kwaad.example", FAILED),
        ("dkim=pass header.d=voorbeeld.example", ALIGNED),
        ("dkim=pass header.d=mail.voorbeeld.example", ALIGNED),
        ("dkim=pass header.i=@voorbeeld.example", ALIGNED),
        ("dkim=fail header.d=voorbeeld.example; dkim=pass header.d=voorbeeld.example", ALIGNED),
        ("dkim=pass header.d=kwaad.example", FAILED),
        ("spf=pass smtp.mailfrom=sanne@voorbeeld.example", ALIGNED),
        ("spf=pass smtp.mailfrom=voorbeeld.example", ALIGNED),
        ("spf=pass smtp.mailfrom=bounce@lijst.example", FAILED),
        ("spf=pass smtp.helo=voorbeeld.example", ALIGNED),
        ("spf=softfail smtp.mailfrom=voorbeeld.example; dkim=none", FAILED),
        ("dkim=pass header.d=voorbeeld.example; dmarc=fail header.from=voorbeeld.example", FAILED),
        ("spf=temperror; dkim=temperror; dmarc=temperror header.from=voorbeeld.example", UNCHECKED),
        ("none", UNCHECKED),
        ("auth=pass smtp.auth=iemand", UNCHECKED),
        ("spf=fail (dkim=pass header.d=voorbeeld.example)", FAILED),
    ],
)
def test_the_receivers_word(said: str, level: SenderLevel) -> None:
    evidence = judge(results(said), TRUSTS)
    assert evidence.level is level
    assert evidence.by in ("receiver", "")


def test_only_the_named_receiver_counts_and_only_its_topmost_field() -> None:
    passed = "dmarc=pass header.from=voorbeeld.example"
    assert judge(results(passed, by="mx.kwaad.example"), TRUSTS).level is UNCHECKED
    assert judge(results(passed, by=MX.upper()), TRUSTS).level is ALIGNED
    assert judge(results("dkim=fail; spf=fail", passed), TRUSTS).level is FAILED
    assert judge(results(passed), SenderCheckSettings(own_check=False)).level is UNCHECKED
    nameless = ("Authentication-Results: " + passed + "\r\n").encode() + MAIL
    assert judge(nameless, TRUSTS).level is UNCHECKED
    assert judge(nameless, replace(TRUSTS, authserv_ids=("-",))).level is ALIGNED


def test_a_field_that_the_sender_brought_along_counts_for_nothing() -> None:
    """Below the first Received of somebody else, everything may have been written by the sender."""
    trusts = replace(TRUSTS, received_by=(MX,))
    passed = f"Authentication-Results: {MX}; dmarc=pass header.from=voorbeeld.example\r\n"
    assert judge((RECEIVED + passed + THEIRS).encode() + MAIL, trusts).level is ALIGNED
    assert judge((passed + RECEIVED + THEIRS).encode() + MAIL, trusts).level is ALIGNED
    assert judge((RECEIVED + THEIRS + passed).encode() + MAIL, trusts).level is UNCHECKED
    posing = f"Received: from x (by {MX}) by mx.kwaad.example; x\r\n"
    assert judge((posing + passed).encode() + MAIL, trusts).level is UNCHECKED


def test_several_or_no_authors() -> None:
    passed = results("dmarc=pass header.from=voorbeeld.example")
    two = passed.replace(b"From: ", b"From: bank@bank.example, ")
    assert judge(two, TRUSTS).level is FAILED
    assert judge(passed.replace(b"From: ", b"From: x@bank.example\r\nFrom: "), TRUSTS).level is FAILED
    for nobody in (b"From: <>", b"From: niemand", b"X-From: a@voorbeeld.example"):
        evidence = judge(passed.replace(b"From: Sanne Bakker <sanne@voorbeeld.example>", nobody), TRUSTS)
        assert evidence.level is UNCHECKED


def a_zone(*, dmarc: str = "v=DMARC1; p=reject", spf: str = "v=spf1 ip4:192.0.2.0/24 -all") -> Zone:
    zone = Zone()
    zone.add(f"{DKIM_SELECTOR}._domainkey.voorbeeld.example", "TXT", rsa_key().record)
    zone.add(f"{DKIM_SELECTOR}._domainkey.kwaad.example", "TXT", rsa_key().record)
    zone.add("voorbeeld.example", "TXT", "google-site-verification=x", spf)
    if dmarc:
        zone.add("_dmarc.voorbeeld.example", "TXT", "andere tekst", dmarc)
    return zone


def signed(domain: str = "voorbeeld.example") -> bytes:
    header: bytes = library.sign(MAIL, DKIM_SELECTOR.encode(), domain.encode(), rsa_key().pem)
    return header + MAIL


def delivered(raw: bytes, *, path: str = "sanne@voorbeeld.example", received: str = RECEIVED) -> bytes:
    return f"Return-Path: <{path}>\r\n{received}".encode() + raw


def test_own_check_by_signature() -> None:
    evidence = judge(signed(), OWN, a_zone())
    assert evidence == SenderEvidence(ALIGNED, "own", spf="", dkim="pass", dmarc="pass")
    assert judge(signed(), OWN, a_zone(dmarc="")).dmarc == "none"
    assert judge(signed(), OWN, a_zone(dmarc="")).level is ALIGNED


def test_own_check_by_machine() -> None:
    evidence = judge(delivered(MAIL), OWN, a_zone())
    assert evidence == SenderEvidence(ALIGNED, "own", spf="pass", dkim="none", dmarc="pass")
    elsewhere = RECEIVED.replace("192.0.2.7", "203.0.113.9")
    evidence = judge(delivered(MAIL, received=elsewhere), OWN, a_zone())
    assert evidence == SenderEvidence(FAILED, "own", spf="fail", dkim="none", dmarc="fail")


def test_a_pass_for_somebody_else_is_no_pass() -> None:
    zone = a_zone()
    zone.add("kwaad.example", "TXT", "v=spf1 +all")
    evidence = judge(delivered(signed("kwaad.example"), path="x@kwaad.example"), OWN, zone)
    assert evidence == SenderEvidence(FAILED, "own", spf="pass", dkim="pass", dmarc="fail")


def test_half_a_look_is_no_verdict() -> None:
    """Without the machine that delivered, an unsigned mail may have been in perfect order."""
    for raw in (MAIL, delivered(MAIL, received=""), delivered(MAIL, received=THEIRS), signed("kwaad.example")):
        assert judge(raw, OWN, a_zone()).level is UNCHECKED
    assert judge(delivered(MAIL), SenderCheckSettings(), a_zone()).level is UNCHECKED
    inside = RECEIVED.replace("192.0.2.7", "10.0.0.7")
    assert judge(delivered(MAIL, received=inside), OWN, a_zone()).spf == ""


@pytest.mark.parametrize(
    ("who", "spf"),
    [
        ("x.example (x.example [192.0.2.7])", "pass"),
        ("x.example (192.0.2.7)", "pass"),
        ("x.example ([192.0.2.7] helo=y.example)", "pass"),
        ("[192.0.2.7] (helo=y.example)", "pass"),
        ("[203.0.113.9] (helo=[192.0.2.7])", "fail"),
        ("unknown (HELO [192.0.2.7]) (203.0.113.9)", "fail"),
        ("[192.0.2.7] (unknown [203.0.113.9])", "fail"),
        ("x.example (x.example [IPv6:2001:db8::7])", "pass"),
        ("x.example (localhost [127.0.0.1])", ""),
        ("x.example", ""),
    ],
)
def test_the_machine_that_delivered(who: str, spf: str) -> None:
    zone = a_zone(spf="v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all")
    received = f"Received: from {who}\r\n by {MX} with ESMTP; Mon, 2 Nov 2026 14:03:00 +0100\r\n"
    assert judge(delivered(MAIL, received=received), OWN, zone).spf == spf


def test_our_own_door_says_which_path_but_not_yet_which_machine() -> None:
    evidence = judge(delivered(MAIL), OWN, a_zone(), custody=Custody.HOST, envelope_from="sanne@voorbeeld.example")
    assert evidence.spf == ""  # a Received that came along is not ours


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 include:lijst.example -all", "pass"),
        ("v=spf1 a:post.voorbeeld.example -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 exists:%{i}.spf.voorbeeld.example -all", "pass"),
        ("v=spf1 redirect=lijst.example", "pass"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1 ~all", "softfail"),
        ("v=spf1 onzin", "permerror"),
        ("v=spf1 include:voorbeeld.example -all", "permerror"),
        ("v=spf1 a:een.example a:twee.example a:drie.example -all", "permerror"),
        ("v=spf1 include:stil.example -all", "temperror"),
        ("geen spf", "none"),
    ],
)
def test_spf_records(record: str, result: str) -> None:
    zone = a_zone(spf=record, dmarc="")
    zone.add("lijst.example", "TXT", "v=spf1 ip4:192.0.2.7 -all")
    zone.add("post.voorbeeld.example", "A", "192.0.2.7")
    zone.add("voorbeeld.example", "MX", "10 post.voorbeeld.example.")
    zone.add("192.0.2.7.spf.voorbeeld.example", "A", "127.0.0.2")
    zone.silent.add("stil.example")
    evidence = judge(delivered(MAIL), OWN, zone)
    assert evidence.spf == result
    assert evidence.level is (ALIGNED if result == "pass" else UNCHECKED if result == "temperror" else FAILED)


def test_the_null_path_is_judged_by_the_name_in_helo() -> None:
    zone = a_zone()
    zone.add("post.voorbeeld.example", "TXT", "v=spf1 ip4:192.0.2.7 -all")
    assert judge(delivered(MAIL, path=""), OWN, zone).level is ALIGNED


@pytest.mark.parametrize(
    ("record", "level"),
    [
        ("v=DMARC1; p=none; adkim=s", FAILED),
        ("v=DMARC1; p=none; adkim=r", ALIGNED),
        ("v=DMARC1;p=none", ALIGNED),
        ("p=none; v=DMARC1", ALIGNED),  # no record: the version stands first
    ],
)
def test_strict_alignment(record: str, level: SenderLevel) -> None:
    zone = a_zone(dmarc=record)
    zone.add(f"{DKIM_SELECTOR}._domainkey.mail.voorbeeld.example", "TXT", rsa_key().record)
    elsewhere = RECEIVED.replace("192.0.2.7", "203.0.113.9")
    assert judge(delivered(signed("mail.voorbeeld.example"), received=elsewhere), OWN, zone).level is level


def test_silence_of_the_dns_is_no_verdict() -> None:
    zone = a_zone()
    zone.silent.add("_dmarc.voorbeeld.example")
    assert judge(signed(), OWN, zone).level is UNCHECKED
    zone = a_zone()
    zone.silent.add(f"{DKIM_SELECTOR}._domainkey.voorbeeld.example")
    assert judge(signed(), OWN, zone) == SenderEvidence(UNCHECKED, "own", dkim="temperror")


def test_each_question_is_asked_once() -> None:
    zone = a_zone()
    judge(delivered(signed()), OWN, zone)
    assert len(zone.asked) == len(set(zone.asked))
    assert len(zone.asked) <= 4


def test_time_and_questions_are_bounded() -> None:
    moment = 0.0
    answers = Answers(Zone(), seconds=5, budget=15, now=lambda: moment)
    answers.ask("een.example", "TXT")
    moment = 16.0
    answers.ask("een.example", "TXT")  # known
    with pytest.raises(Temporary):
        answers.ask("twee.example", "TXT")
    answers = Answers(Zone(), seconds=5, budget=15)
    with pytest.raises(Temporary):
        for number in range(100):
            answers.ask(f"{number}.example", "A")


def sealed(raw: bytes, results_: bytes, *, by: bytes = b"lijst.example") -> bytes:
    told = b"Authentication-Results: " + by + b"; " + results_ + b"\r\n"
    lines = library.arc_sign(told + raw, b"arc", by, rsa_key().pem, by)
    return b"".join(lines) + raw


def arc_zone() -> Zone:
    zone = a_zone()
    zone.add("arc._domainkey.lijst.example", "TXT", rsa_key().record)
    return zone


PASSED = b"dkim=pass header.d=voorbeeld.example; dmarc=pass header.from=voorbeeld.example"


def test_a_named_forwarder_is_believed() -> None:
    named = replace(OWN, arc_sealers=("lijst.example",))
    assert judge(sealed(MAIL, PASSED), named, arc_zone()).level is ALIGNED
    assert judge(sealed(MAIL, PASSED), named, arc_zone()).by == "arc"
    assert judge(sealed(MAIL, PASSED), OWN, arc_zone()).level is UNCHECKED
    assert judge(sealed(MAIL, PASSED), replace(OWN, arc_sealers=("a.example",)), arc_zone()).level is UNCHECKED
    assert judge(sealed(MAIL, b"dkim=fail; spf=fail"), named, arc_zone()).level is UNCHECKED
    changed = sealed(MAIL, PASSED).replace(b"inzage in mijn", b"inzage in jouw")
    assert judge(changed, named, arc_zone()).level is UNCHECKED
    both = replace(named, authserv_ids=(MX,))
    failed = f"Authentication-Results: {MX}; dmarc=fail header.from=voorbeeld.example\r\n".encode()
    assert judge(failed + sealed(MAIL, PASSED), both, arc_zone()).level is ALIGNED
    assert judge(failed + MAIL, both, arc_zone()).level is FAILED


def test_lookalikes_are_named_beside_any_verdict() -> None:
    raw = mail(sender="Directie <baas@whatnext-betalen.example>").replace(b"\n", b"\r\n")
    evidence = judge(raw, OWN)
    assert (evidence.level, evidence.lookalike_of) == (UNCHECKED, "whatnext.example")
    assert judge(MAIL, OWN).lookalike_of == ""


async def test_it_never_raises_and_logs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def broken(name: str, kind: str, seconds: float) -> tuple[str, ...]:
        raise RuntimeError("sanne@voorbeeld.example")

    check = SenderCheck({"whatnext": OWN}, broken, lambda _: ())
    message = inbound(delivered(signed()))
    with caplog.at_level(logging.DEBUG):
        evidence = await check(message, normalise(message))
    check.close()
    assert evidence.level is UNCHECKED
    assert "sanne" not in caplog.text
    assert "voorbeeld.example" not in caplog.text


WHOLE = results("dmarc=fail header.from=x.example").replace(MAIL, b"") + sealed(delivered(signed()), PASSED)


@tries(100)
@given(changes=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=12))
def test_mutations_never_raise(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(WHOLE)
    for place, value in changes:
        raw[place] = value
    how = {"whatnext": replace(OWN, authserv_ids=(MX,), arc_sealers=("lijst.example",))}
    SenderCheck(how, arc_zone(), lambda _: ()).judge(inbound(bytes(raw)), normalise(inbound(WHOLE)))


async def test_the_real_resolver_over_the_wire() -> None:
    zone = a_zone(spf="v=spf1 mx -all")
    zone.add("voorbeeld.example", "MX", "10 post.voorbeeld.example.")
    zone.add("post.voorbeeld.example", "A", "192.0.2.7")
    with served(zone) as (host, port):
        resolver = SystemResolver([host], port)
        assert "v=spf1 mx -all" in resolver("voorbeeld.example", "TXT", 5)
        assert resolver(f"{DKIM_SELECTOR}._domainkey.voorbeeld.example", "TXT", 5) == (rsa_key().record,)
        assert resolver("voorbeeld.example", "MX", 5) == ("10 post.voorbeeld.example.",)
        assert resolver("bestaat.niet.example", "TXT", 5) == ()
        assert resolver("post.voorbeeld.example", "TXT", 5) == ()
        assert resolver("a" * 70 + ".example", "TXT", 5) == ()
        zone.silent.add("stil.example")
        with pytest.raises(Temporary):
            resolver("stil.example", "TXT", 0.2)
        check = SenderCheck({"whatnext": OWN}, resolver, lambda _: ())
        message = inbound(delivered(signed()))
        evidence = await check(message, normalise(message))
        check.close()
    assert evidence == SenderEvidence(ALIGNED, "own", spf="pass", dkim="pass", dmarc="pass")
