"""Signatures with real keys: ours is verified by the library, foreign ones by us, from a zone in memory."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dkim as library
import pytest

from cases.errors import ConfigError
from intake.email.dkim import Signature, can_be_checked, check_dkim, load_signer
from intake.email.resolver import Answers
from tests.support.dns_zone import DKIM_SELECTOR, SigningKey, Zone, ed25519_key, key_file, rsa_key
from tests.support.mails import mail

DOMAIN = "voorbeeld.example"
MOMENT = datetime(2026, 11, 2, 13, 3, tzinfo=UTC)
MAIL = mail().replace(b"\n", b"\r\n")


def answers(zone: Zone) -> Answers:
    return Answers(zone, seconds=5, budget=15)


def zone_with(key: SigningKey) -> Zone:
    zone = Zone()
    zone.add(f"{DKIM_SELECTOR}._domainkey.{DOMAIN}", "TXT", key.record)
    return zone


def signed_by_library(data: bytes, key: SigningKey, **options: object) -> bytes:
    header: bytes = library.sign(data, DKIM_SELECTOR.encode(), DOMAIN.encode(), key.pem, **options)
    return header + data


@pytest.mark.parametrize("key", [rsa_key, ed25519_key])
def test_our_signature_holds_and_is_the_same_every_time(key: Callable[[], SigningKey], tmp_path: Path) -> None:
    made = key()
    sign = load_signer(DOMAIN, DKIM_SELECTOR, key_file(tmp_path, made))
    signed = sign(MAIL, MOMENT)
    assert signed == sign(MAIL, MOMENT)
    assert max(map(len, signed.split(b"\r\n"))) < 998
    zone = zone_with(made)
    assert library.verify(signed, dnsfunc=lambda name, timeout=5: zone(name.decode().rstrip("."), "TXT", 1)[0].encode())
    assert check_dkim(signed, answers(zone)) == (Signature(DOMAIN, "pass"),)
    stamp = str(int(MOMENT.timestamp())).encode()
    assert b"t=" + stamp in signed


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"inzage in mijn", b"inzage in jouw"),
        lambda data: data.replace(b"Subject: Inzage", b"Subject: Andere"),
        lambda data: data.replace(b"Subject:", b"Subject: nog een\r\nSubject:"),
        lambda data: b"From: bank@bank.example\r\n" + data,
        lambda data: b"Reply-To: kwaad@kwaad.example\r\n" + data,
    ],
)
def test_a_changed_mail_fails(change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    signed = load_signer(DOMAIN, DKIM_SELECTOR, key_file(tmp_path, rsa_key()))(MAIL, MOMENT)
    (found,) = check_dkim(change(signed), answers(zone_with(rsa_key())))
    assert found == Signature(DOMAIN, "fail")


def test_signatures_that_do_not_count() -> None:
    zone = zone_with(rsa_key())
    partly = signed_by_library(MAIL, rsa_key(), length=True) + b"Later erbij gezet.\r\n"
    assert check_dkim(partly, answers(zone)) == (Signature(DOMAIN, "policy"),)
    old = signed_by_library(MAIL, rsa_key(), signature_algorithm=b"rsa-sha1")
    assert check_dkim(old, answers(zone)) == (Signature(DOMAIN, "policy"),)
    assert check_dkim(MAIL, answers(zone)) == ()
    assert check_dkim(b"DKIM-Signature: rommel\r\n" + MAIL, answers(zone))[0].result == "permerror"
    assert check_dkim(b" geen kop\r\n\r\n", answers(zone)) == ()
    assert check_dkim(b"", answers(zone)) == ()


def test_no_key_and_no_answer_are_told_apart() -> None:
    signed = signed_by_library(MAIL, rsa_key())
    assert check_dkim(signed, answers(Zone()))[0].result == "fail"
    silent = Zone(silent={f"{DKIM_SELECTOR}._domainkey.{DOMAIN}"})
    assert check_dkim(signed, answers(silent))[0].result == "temperror"
    small = zone_with(rsa_key(1024))
    assert check_dkim(signed_by_library(MAIL, rsa_key(1024)), answers(small))[0].result == "pass"


def test_each_signature_is_looked_at() -> None:
    signed = signed_by_library(MAIL, rsa_key())
    forged = b"DKIM-Signature: v=1; a=rsa-sha256; d=kwaad.example; s=x; h=from; bh=AAAA; b=AAAA\r\n" + signed
    assert [found.result for found in check_dkim(forged, answers(zone_with(rsa_key())))] == ["fail", "pass"]


@pytest.mark.parametrize(
    "bomb",
    [
        MAIL + b"x" + b" " * 80_000 + b"y\r\n",
        MAIL + (b" " * 1000 + b"y") * 5_000,
        b"DKIM-Signature: v=1; a=rsa-sha256; b=" + b"\r\n " * 3_000 + b"x\r\n" + MAIL,
        b"DKIM-Signature: " + b"a" * 100_000 + b"\r\n" + MAIL,
        b"ARC-Seal: i=1; b=" + b" " * 5_000 + b"x\r\n" + MAIL,
    ],
)
def test_bombs_are_not_tried(bomb: bytes) -> None:
    assert not can_be_checked(bomb)
    assert can_be_checked(MAIL)


def test_the_worst_that_is_tried_is_done_within_the_time_of_a_test() -> None:
    worst = MAIL + (b" " * 60 + b"y") * 100_000  # runs below what is counted
    assert can_be_checked(worst)
    (found,) = check_dkim(signed_by_library(worst, rsa_key()), answers(zone_with(rsa_key())))
    assert found.result == "pass"


def test_a_key_that_can_not_sign_stops_the_start(tmp_path: Path) -> None:
    broken = {
        "missing": None,
        "garbage": b"geheim",
        "short": rsa_key(1024).pem,
        "public": b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(b"x" * 80) + b"\n-----END PUBLIC KEY-----\n",
        "encrypted": rsa_key().pem.replace(b"BEGIN PRIVATE", b"BEGIN ENCRYPTED PRIVATE")[:300] + b"-----END",
    }
    for name, content in broken.items():
        file = tmp_path / f"{name}.pem"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ConfigError) as error:
            load_signer(DOMAIN, DKIM_SELECTOR, str(file))
        assert "geheim" not in str(error.value)
        assert error.value.key == "smtp.dkim_key_file"
