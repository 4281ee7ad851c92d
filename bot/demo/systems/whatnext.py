"""A hosting shop that also gives workshops and mails about them: one Dutch database, customer numbers as keys."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta

from bot.demo.names import EMPLOYEES, QUESTIONS
from bot.demo.people import Customer, Invoice, euros
from bot.demo.systems import Rows, Tables

DATABASES = {
    "whatnext": """
CREATE TABLE klanten (klantnr VARCHAR(10) PRIMARY KEY, voornaam TEXT, achternaam TEXT, bedrijf TEXT, kvk TEXT,
    btw_nummer TEXT, straat TEXT, huisnummer TEXT, postcode TEXT, plaats TEXT, telefoon TEXT, email TEXT,
    email_vorig TEXT, bank TEXT, iban TEXT, incasso BOOLEAN, klant_sinds DATE, klant_tot DATE, geblokkeerd BOOLEAN);
CREATE TABLE inlog (id INTEGER PRIMARY KEY, klantnr TEXT, gebruikersnaam TEXT, wachtwoord_hash TEXT, laatst DATE);
CREATE TABLE bestellingen (bestelnr INTEGER PRIMARY KEY, klantnr TEXT, datum DATE, product TEXT,
    bedrag NUMERIC(10, 2), ip_adres TEXT, eindigt DATE);
CREATE TABLE facturen (factuurnr TEXT PRIMARY KEY, klantnr TEXT, datum DATE, naam TEXT, adres TEXT,
    totaal NUMERIC(10, 2), betaald_op DATE);
CREATE TABLE factuurregels (id INTEGER PRIMARY KEY, factuurnr TEXT, omschrijving TEXT, bedrag NUMERIC(10, 2));
CREATE TABLE domeinen (domein TEXT PRIMARY KEY, klantnr TEXT, houder TEXT, houder_email TEXT, sinds DATE,
    opgezegd DATE);
CREATE TABLE boekingen (id INTEGER PRIMARY KEY, klantnr TEXT, workshop TEXT, datum DATE, opmerking TEXT);
CREATE TABLE mailings (id INTEGER PRIMARY KEY, email TEXT, lijst TEXT, aangemeld DATE, afgemeld DATE);
CREATE TABLE berichten (id INTEGER PRIMARY KEY, klantnr TEXT, datum DATE, onderwerp TEXT, notitie TEXT,
    behandelaar TEXT);
"""
}
PREFIX = "F"
PRODUCTS = (
    ("Webhosting Start, 12 maanden", 5988),
    ("Webhosting Plus, 12 maanden", 11988),
    ("Domeinnaam, 12 maanden", 1250),
    ("Workshop 'Je eigen site'", 7500),
    ("Mailbox extra", 2400),
)
_WORKSHOPS = ("Je eigen site in een dag", "Nieuwsbrieven die gelezen worden", "Vindbaar worden")
_REMARKS = ("", "", "vegetarisch", "komt met de trein, iets later", "rolstoel: graag begane grond")


def rows(customers: list[Customer], invoices: list[Invoice], rng: random.Random, today: date) -> Rows:
    found: Tables = defaultdict(list)
    for c in customers:
        found["klanten"].append(
            (
                c.number,
                c.first,
                c.last,
                c.company or None,
                c.kvk or None,
                c.vat or None,
                c.street,
                c.house_number,
                c.postcode,
                c.place,
                c.phone,
                c.email,
                c.old_email or None,
                c.bank if c.iban else None,
                c.iban or None,
                bool(c.iban),
                c.since,
                c.until,
                False,
            )
        )
        found["inlog"].append((c.index, c.number, c.username, c.password_hash, c.until or today - timedelta(days=9)))
        found["domeinen"].append((c.domain, c.number, c.name, c.email, c.since, c.until))
        if c.newsletter:
            left = c.since + timedelta(days=15) if rng.random() < 0.2 and not c.until else c.until
            found["mailings"].append((None, c.email, "Workshops en prijzen", c.since, left))
        if rng.random() < 0.15:
            found["boekingen"].append(
                (None, c.number, rng.choice(_WORKSHOPS), c.since + timedelta(days=60), rng.choice(_REMARKS))
            )
        for subject, note in rng.sample(QUESTIONS, rng.randint(0, 2)):
            on = c.since + timedelta(days=rng.randint(1, 19))
            found["berichten"].append((None, c.number, on, subject, note, rng.choice(EMPLOYEES)))
    for i in invoices:
        c = i.customer
        address = f"{c.address}, {c.postcode} {c.place}"
        found["facturen"].append((i.number, c.number, i.on, c.company or c.name, address, euros(i.cents), i.paid_on))
        for text, cents in i.lines:
            found["factuurregels"].append((None, i.number, text, euros(cents)))
            ordered = i.on - timedelta(days=1)
            found["bestellingen"].append(
                (None, c.number, ordered, text, euros(cents), c.ip, i.on + timedelta(days=364))
            )
    return {"whatnext": found}
