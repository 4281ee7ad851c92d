"""Domains: organisational domain, alignment, and names that look like another."""

from __future__ import annotations

import pytest

from intake.email.domains import aligned, ascii_domain, domain_of, lookalike_of, organisational

KNOWN = ("whatnext.example", "mijn-winkel.nl", "nexxt.nl", "kpn.example")


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("whatnext.example", "whatnext.example"),
        ("mail.post.voorbeeld.nl", "voorbeeld.nl"),
        ("a.b.co.uk", "b.co.uk"),
        ("co.uk", "co.uk"),
        ("klant.github.io", "klant.github.io"),  # the private part of the list counts: other people's sites
    ],
)
def test_organisational_domain(domain: str, expected: str) -> None:
    assert organisational(domain) == expected


def test_alignment() -> None:
    assert aligned("voorbeeld.nl", "mail.voorbeeld.nl")
    assert aligned("Voorbeeld.NL.", "voorbeeld.nl", strict=True)
    assert not aligned("voorbeeld.nl", "mail.voorbeeld.nl", strict=True)
    assert not aligned("een.co.uk", "twee.co.uk")
    assert not aligned("", "")
    assert not aligned("voorbeeld.nl", "kwaadvoorbeeld.nl")
    assert aligned("café.nl", "xn--caf-dma.nl")


def test_domains_as_written() -> None:
    assert domain_of("Sanne@Voorbeeld.NL") == "voorbeeld.nl"
    assert domain_of("geen adres") == ""
    assert ascii_domain("a..b") == ""
    assert ascii_domain("x" * 300 + ".nl") == ""
    assert ascii_domain("\ud800.nl") == ""


@pytest.mark.parametrize(
    ("domain", "resembles"),
    [
        ("whаtnext.example", "whatnext.example"),  # Cyrillic a
        ("xn--whtnext-4nf.example", "whatnext.example"),  # the same in punycode
        ("ωhatnext.nl", "whatnext.example"),  # a Greek omega
        ("whatnéxt.example", "whatnext.example"),
        ("whatnext.nl", "whatnext.example"),  # other top-level domain
        ("what-next.example", "whatnext.example"),
        ("mijnwinkel.nl", "mijn-winkel.nl"),
        ("whatnext-klantenservice.nl", "whatnext.example"),
        ("mijn-whatnext.nl", "whatnext.example"),
        ("whatnextservice.nl", "whatnext.example"),
        ("vvhatnext.example", "whatnext.example"),
        ("whatnexf.example", "whatnext.example"),
        ("whatnetx.example", "whatnext.example"),
        ("whatnextt.example", "whatnext.example"),
        ("wh4tnext.example", "whatnext.example"),
        ("nexxxt.nl", "nexxt.nl"),
        ("whatnext.example.kwaad.nl", "whatnext.example"),
        ("kpn-service.nl", "kpn.example"),
    ],
)
def test_lookalikes(domain: str, resembles: str) -> None:
    assert lookalike_of(domain, KNOWN) == resembles


@pytest.mark.parametrize(
    "domain",
    [
        "whatnext.example", "mail.whatnext.example", "voorbeeld.nl", "nest.nl", "kpmg.nl", "ken.nl", "winkel.nl",
        "what.nl", "gemeente.nl", "", "nl", "whatsapp.example",
    ],
)  # fmt: skip
def test_honest_domains(domain: str) -> None:
    assert lookalike_of(domain, KNOWN) == ""


def test_without_known_domains_nothing_resembles() -> None:
    assert lookalike_of("whatnext.nl", ()) == ""


def test_thousands_of_customers_are_no_trouble() -> None:
    many = [f"klant{number}.nl" for number in range(5000)]
    assert lookalike_of("heel-iets-anders.nl", many) == ""
