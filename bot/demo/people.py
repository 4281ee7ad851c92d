"""Invents customers and their invoices, the same ones on every run for the same seed and day.

Numbers are checksum-valid and belong to nobody: bank codes that do not exist, KvK numbers not yet given out,
telephone numbers outside the plan, IP addresses for documentation (RFC 5737).
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from bot.demo.known import Known, Role
from bot.demo.names import (
    AREA_CODES,
    FICTITIOUS_BANKS,
    FIRM_ENDS,
    FIRM_STARTS,
    FIRST_NAMES,
    LAST_NAMES,
    LEGAL_FORMS,
    MAIL_DOMAINS,
    PLACES,
    STREETS,
)

YEARS = 10
_OPEN_SINCE = timedelta(days=47)  # the invoice of the customer who does not pay
_POSTCODE_LETTERS = "ABCDEGHJKLMNPRTVWXZ"  # no S: SA, SD and SS are never used
_DOCUMENTATION_NETS = ("192.0.2", "198.51.100", "203.0.113")


@dataclass(frozen=True, slots=True)
class Customer:
    index: int  # from 1
    number: str
    role: Role
    first: str
    last: str
    company: str
    kvk: str
    vat: str
    street: str
    house_number: str
    postcode: str
    place: str
    phone: str
    email: str
    old_email: str
    iban: str
    bank: str
    since: date
    until: date | None
    domain: str
    username: str
    password_hash: str
    ip: str
    newsletter: bool

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def address(self) -> str:
        return f"{self.street} {self.house_number}"


@dataclass(frozen=True, slots=True)
class Invoice:
    number: str
    customer: Customer
    on: date
    lines: tuple[tuple[str, int], ...]  # description, cents
    paid_on: date | None

    @property
    def cents(self) -> int:
        return sum(cents for _, cents in self.lines)


def euros(cents: int) -> float:
    return cents / 100


def invent_customer(rng: random.Random, index: int, number: str, today: date, known: Known | None) -> Customer:
    first = known.first if known else rng.choice(FIRST_NAMES)
    last = known.last if known else rng.choice(LAST_NAMES)
    role = known.role if known else Role.RANDOM
    company = known.company if known else _company(rng) if rng.random() < 0.45 else ""
    place, low, high = rng.choice(PLACES)
    login = ascii_name(f"{first}.{last}")
    bank_code, bank = rng.choice(FICTITIOUS_BANKS)
    since, until = _period(rng, role, today)
    domain = f"{ascii_name(company or last)}{'' if known else index}.example"
    email = f"{login}{index}@{rng.choice(MAIL_DOMAINS)}" if not company else f"{ascii_name(first)}@{domain}"
    return Customer(
        index=index,
        number=number,
        role=role,
        first=first,
        last=last,
        company=company,
        kvk=f"99{rng.randrange(10**6):06}" if company else "",
        vat=_vat(rng) if company else "",
        street=known.street if known else rng.choice(STREETS),
        house_number=known.house_number
        if known
        else f"{rng.randint(1, 250)}{rng.choice(['', '', '', 'a', ' bis', '-2'])}",
        postcode=known.postcode
        if known
        else f"{rng.randint(low, high)} {''.join(rng.choices(_POSTCODE_LETTERS, k=2))}",
        place=known.place if known else place,
        phone=known.phone if known else f"{rng.choice(AREA_CODES)} 1{rng.randrange(100):02} {rng.randrange(10**4):04}",
        email=known.email if known else email,
        old_email="" if known or rng.random() < 0.85 else f"{login}{index}@oud-{rng.choice(MAIL_DOMAINS)}",
        iban=iban(bank_code, rng.randrange(10**10)) if rng.random() < 0.6 or known else "",
        bank=bank,
        since=since,
        until=until,
        domain=domain,
        username=login if known else f"{login}{index}",
        password_hash=f"$argon2id$v=19$m=65536,t=3,p=4${rng.getrandbits(128):032x}${rng.getrandbits(256):064x}",
        ip=f"{rng.choice(_DOCUMENTATION_NETS)}.{rng.randint(1, 254)}",
        newsletter=known is not None or rng.random() < 0.5,
    )


def invent_invoices(
    rng: random.Random, customers: list[Customer], products: tuple[tuple[str, int], ...], prefix: str, today: date
) -> list[Invoice]:
    """One invoice a year for each customer, and now and then one between; numbered by year in order of date."""
    drafts: list[tuple[date, int, Customer, tuple[tuple[str, int], ...]]] = []
    for customer in customers:
        if customer.role is Role.NO_INVOICES:
            continue
        on, last = customer.since + timedelta(days=3), customer.until or today
        while on <= last:
            drafts.append((on, customer.index, customer, tuple(rng.sample(products, rng.randint(1, 3)))))
            on += timedelta(days=365 if rng.random() < 0.8 else 120)
        if customer.role is Role.UNPAID:
            drafts.append((today - _OPEN_SINCE, customer.index, customer, (products[0],)))
    counts: dict[int, int] = {}
    invoices = []
    for on, _, customer, lines in sorted(drafts, key=lambda draft: draft[:2]):
        counts[on.year] = counts.get(on.year, 0) + 1
        number = f"{prefix}{on.year}-{counts[on.year]:04}"
        invoices.append(Invoice(number, customer, on, lines, _paid_on(rng, customer, on, today)))
    return invoices


def _paid_on(rng: random.Random, customer: Customer, on: date, today: date) -> date | None:
    """Within three weeks; some customers are late, those who are known are not (but for one)."""
    paid_on = on + timedelta(days=rng.randint(1, 20))
    late = rng.random() < 0.02
    if customer.role is not Role.RANDOM:
        return None if customer.role is Role.UNPAID and on == today - _OPEN_SINCE else min(paid_on, today)
    return None if late or paid_on > today else paid_on


def ascii_name(text: str) -> str:
    """For user names and domains: letters, figures and dots only."""
    # Letters that do not fall apart in a base letter and a mark.
    plain = unicodedata.normalize("NFKD", text.replace("ı", "i").replace("ø", "o").lower())
    return "".join(char for char in plain if char.isascii() and (char.isalnum() or char == "."))


def iban(bank_code: str, account: int) -> str:
    """A Dutch IBAN with valid check digits (ISO 7064 mod 97-10)."""
    rest = f"{bank_code}{account:010}"
    return f"NL{98 - _mod97(rest + 'NL00'):02}{rest}"


def _vat(rng: random.Random) -> str:
    """A btw-id of a one-person firm: check digits over the whole, and no BSN inside."""
    while True:
        body = f"9990{rng.randrange(10**5):05}"
        eleven = sum(int(digit) * weight for digit, weight in zip(body, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
        for suffix in range(1, 99):
            if eleven % 11 and _mod97(f"NL{body}B{suffix:02}") == 1:
                return f"NL{body}B{suffix:02}"


def _mod97(text: str) -> int:
    return int("".join(str(int(char, 36)) for char in text)) % 97


def _company(rng: random.Random) -> str:
    return " ".join(filter(None, (rng.choice(FIRM_STARTS), rng.choice(FIRM_ENDS), rng.choice(LEGAL_FORMS))))


def _period(rng: random.Random, role: Role, today: date) -> tuple[date, date | None]:
    """Customer from and until; one in four has left."""
    if role is Role.NO_INVOICES:
        return today - timedelta(days=20), None
    if role is Role.FORMER:
        return today - timedelta(days=365 * YEARS - 30), today - timedelta(days=740)
    if role is not Role.RANDOM:
        return today - timedelta(days=rng.randint(3, 8) * 365), None
    since = today - timedelta(days=rng.randint(30, 365 * YEARS - 30))
    if rng.random() < 0.75:
        return since, None
    return since, since + timedelta(days=rng.randint(20, (today - since).days))
