"""A platform for customer journeys with English tables: contacts, accounts with FTP data, support, reviews."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta

from bot.demo.names import QUESTIONS
from bot.demo.people import Customer, Invoice, euros
from bot.demo.systems import Rows, Tables

DATABASES = {
    "nexxt": """
CREATE TABLE contacts (id INTEGER PRIMARY KEY, customer_ref TEXT, first_name TEXT, last_name TEXT, email TEXT,
    previous_email TEXT, phone TEXT, street TEXT, house_number TEXT, postal_code TEXT, city TEXT, company_id INTEGER,
    source TEXT, created DATE, restricted BOOLEAN);
CREATE TABLE companies (id INTEGER PRIMARY KEY, name TEXT, coc_number TEXT, vat_number TEXT, iban TEXT);
CREATE TABLE agreements (id INTEGER PRIMARY KEY, contact_id INTEGER, plan TEXT, starts DATE, ends DATE);
CREATE TABLE platform_users (id INTEGER PRIMARY KEY, contact_id INTEGER, username TEXT, password_hash TEXT,
    ftp_host TEXT, ftp_password TEXT, database_password TEXT, last_ip TEXT, last_location TEXT, last_login DATE);
CREATE TABLE journeys (id INTEGER PRIMARY KEY, platform_user_id INTEGER, title TEXT, created DATE, steps INTEGER);
CREATE TABLE invoices (invoice_no TEXT PRIMARY KEY, contact_id INTEGER, invoice_date DATE, billed_to TEXT,
    billing_address TEXT, total NUMERIC(10, 2), paid_on DATE);
CREATE TABLE invoice_items (id INTEGER PRIMARY KEY, invoice_no TEXT, description TEXT, amount NUMERIC(10, 2));
CREATE TABLE conversations (id INTEGER PRIMARY KEY, email TEXT, opened DATE, channel TEXT, subject TEXT, summary TEXT);
CREATE TABLE newsletter (email TEXT PRIMARY KEY, opted_in DATE, opted_out DATE, opens INTEGER);
CREATE TABLE reviews (id INTEGER PRIMARY KEY, email TEXT, name TEXT, score INTEGER, answer TEXT, given DATE);
CREATE TABLE gifts (id INTEGER PRIMARY KEY, contact_id INTEGER, gift TEXT, sent DATE);
CREATE TABLE schema_version (version INTEGER);
"""
}
PREFIX = "NXT"
PRODUCTS = (
    ("Journey platform, jaar", 58800),
    ("Hosting, jaar", 12000),
    ("Strippenkaart 10 uur", 95000),
    ("Onderhoud, jaar", 24000),
)
_CITIES = ("Utrecht", "Amsterdam", "Zwolle", "Eindhoven")


def rows(customers: list[Customer], invoices: list[Invoice], rng: random.Random, today: date) -> Rows:
    found: Tables = defaultdict(list)
    found["schema_version"].append((14,))
    for c in customers:
        if c.company:
            found["companies"].append((c.index, c.company, c.kvk, c.vat, c.iban or None))
        found["contacts"].append(
            (
                c.index,
                c.number,
                c.first,
                c.last,
                c.email,
                c.old_email or None,
                c.phone,
                c.street,
                c.house_number,
                c.postcode,
                c.place,
                c.index if c.company else None,
                rng.choice(["website", "beurs", "aanbevolen"]),
                c.since,
                False,
            )
        )
        found["agreements"].append((c.index, c.index, rng.choice(PRODUCTS)[0], c.since, c.until))
        found["platform_users"].append(
            (
                c.index,
                c.index,
                c.username,
                c.password_hash,
                f"ftp.{c.domain}",
                f"{rng.getrandbits(64):x}",
                f"{rng.getrandbits(64):x}",
                c.ip,
                rng.choice(_CITIES),
                c.until or today - timedelta(days=4),
            )
        )
        found["journeys"] += [
            (None, c.index, f"Journey {n}", c.since + timedelta(days=n), rng.randint(3, 20))
            for n in range(1, rng.randint(1, 4))
        ]
        for subject, note in rng.sample(QUESTIONS, rng.randint(0, 3)):
            on = c.since + timedelta(days=rng.randint(1, 19))
            found["conversations"].append((None, c.email, on, rng.choice(["chat", "mail", "telefoon"]), subject, note))
        if c.newsletter:
            found["newsletter"].append((c.email, c.since, c.until, rng.randint(0, 60)))
        if rng.random() < 0.2:
            answer = rng.choice(["Fijn contact.", "Ging traag, wel goed opgelost.", "Prima."])
            found["reviews"].append((None, c.email, c.name, rng.randint(6, 10), answer, c.since + timedelta(days=18)))
        if rng.random() < 0.1:
            found["gifts"].append((None, c.index, "kerstpakket", c.since + timedelta(days=15)))
    for i in invoices:
        _bill(found, i)
    return {"nexxt": found}


def _bill(found: Tables, i: Invoice) -> None:
    c = i.customer
    address = f"{c.address}, {c.postcode} {c.place}"
    found["invoices"].append((i.number, c.index, i.on, c.company or c.name, address, euros(i.cents), i.paid_on))
    found["invoice_items"] += [(None, i.number, text, euros(cents)) for text, cents in i.lines]
