"""A host of web shops: shops, domains, sizes of mail traffic, a firewall log. Orders in shops are the shopkeepers'."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta

from bot.demo.names import QUESTIONS
from bot.demo.people import Customer, Invoice, euros
from bot.demo.systems import Rows, Tables

DATABASES = {
    "winkeltjes": """
CREATE TABLE relaties (relatienr TEXT PRIMARY KEY, voorletters TEXT, naam TEXT, firma TEXT, kvk TEXT, btw TEXT,
    kvk_uittreksel BLOB, adres TEXT, postcode TEXT, plaats TEXT, tel TEXT, mail TEXT, mail_eerder TEXT,
    gebruikersnaam TEXT, wachtwoord TEXT, opmerking TEXT, sinds DATE, tot DATE, geblokkeerd BOOLEAN);
CREATE TABLE winkels (id INTEGER PRIMARY KEY, relatienr TEXT, naam TEXT, pakket TEXT, geopend DATE, gesloten DATE,
    producten INTEGER, opslag_mb INTEGER);
CREATE TABLE domeinen (domein TEXT PRIMARY KEY, relatienr TEXT, register TEXT, houder TEXT, houder_mail TEXT,
    buiten_eu_akkoord DATE, sinds DATE);
CREATE TABLE facturen (factuurnr TEXT PRIMARY KEY, relatienr TEXT, datum DATE, ten_name_van TEXT,
    bedrag NUMERIC(10, 2));
CREATE TABLE factuurregels (id INTEGER PRIMARY KEY, factuurnr TEXT, omschrijving TEXT, bedrag NUMERIC(10, 2));
CREATE TABLE betalingen (id INTEGER PRIMARY KEY, factuurnr TEXT, datum DATE, bedrag NUMERIC(10, 2), iban TEXT,
    rekeninghouder TEXT);
CREATE TABLE verkeer (id INTEGER PRIMARY KEY, domein TEXT, maand TEXT, mails INTEGER, bytes INTEGER, bijlagen INTEGER);
CREATE TABLE firewall (id INTEGER PRIMARY KEY, relatienr TEXT, ip TEXT, moment TIMESTAMP, actie TEXT);
CREATE TABLE vragen (id INTEGER PRIMARY KEY, mail TEXT, datum DATE, onderwerp TEXT, antwoord TEXT);
CREATE TABLE shop_orders (id INTEGER PRIMARY KEY, winkel_id INTEGER, koper TEXT, koper_mail TEXT, adres TEXT,
    bedrag NUMERIC(10, 2), besteld DATE);
CREATE TABLE shop_klanten (id INTEGER PRIMARY KEY, winkel_id INTEGER, naam TEXT, mail TEXT, wachtwoord TEXT);
"""
}
PREFIX = "WF"
PRODUCTS = (
    ("Winkel Basis, jaar", 11940),
    ("Winkel Groot, jaar", 29940),
    ("Domein .nl, jaar", 995),
    ("Domein .com, jaar", 1495),
    ("Koppeling betalen, jaar", 6000),
)


def rows(customers: list[Customer], invoices: list[Invoice], rng: random.Random, today: date) -> Rows:
    found: Tables = defaultdict(list)
    for c in customers:
        extract = b"%PDF-1.4 invented extract" if c.company else None
        found["relaties"].append(
            (
                c.number,
                f"{c.first[0]}.",
                c.last,
                c.company or None,
                c.kvk or None,
                c.vat or None,
                extract,
                c.address,
                c.postcode,
                c.place,
                c.phone,
                c.email,
                c.old_email or None,
                c.username,
                c.password_hash,
                rng.choice([None, None, "belt liever dan mailt", "factuur graag begin van de maand"]),
                c.since,
                c.until,
                False,
            )
        )
        shop = c.company or f"Winkel van {c.first}"
        size = rng.randint(5, 900)
        found["winkels"].append((c.index, c.number, shop, PRODUCTS[c.index % 2][0], c.since, c.until, size, size * 3))
        abroad = rng.random() < 0.3
        found["domeinen"].append(
            (c.domain, c.number, "com" if abroad else "nl", c.name, c.email, c.since if abroad else None, c.since)
        )
        for months in range(0 if c.until else 6):
            month = f"{today - timedelta(days=31 * months):%Y-%m}"
            mails = rng.randint(1, 900)
            found["verkeer"].append((None, c.domain, month, mails, mails * rng.randint(900, 90_000), mails // 7))
        if rng.random() < 0.4 or c.index <= 6:
            moment = f"{today - timedelta(days=rng.randint(1, 60))} 03:12:00"
            found["firewall"].append((None, c.number, c.ip, moment, "te vaak verkeerd wachtwoord: 10 minuten dicht"))
        for subject, note in rng.sample(QUESTIONS, rng.randint(0, 2)):
            found["vragen"].append((None, c.email, c.since + timedelta(days=rng.randint(1, 19)), subject, note))
        buyer = customers[rng.randrange(len(customers))]
        found["shop_orders"].append(
            (
                None,
                c.index,
                buyer.name,
                buyer.email,
                buyer.address,
                euros(rng.randint(500, 20000)),
                today - timedelta(days=rng.randint(1, 400)),
            )
        )
        found["shop_klanten"].append((None, c.index, buyer.name, buyer.email, buyer.password_hash))
    for i in invoices:
        _bill(found, i)
    return {"winkeltjes": found}


def _bill(found: Tables, i: Invoice) -> None:
    c = i.customer
    found["facturen"].append((i.number, c.number, i.on, c.company or c.name, euros(i.cents)))
    found["factuurregels"] += [(None, i.number, text, euros(cents)) for text, cents in i.lines]
    if i.paid_on:
        found["betalingen"].append((None, i.number, i.paid_on, euros(i.cents), c.iban or None, c.name))
