"""A host with a customer portal that logs what people do, a profile of visitors, and sites of customers (processor)."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta

from bot.demo.names import QUESTIONS
from bot.demo.people import Customer, Invoice, euros
from bot.demo.systems import Rows, Tables

DATABASES = {
    "weservit": """
CREATE TABLE debiteur (debnr INTEGER PRIMARY KEY, aanhef TEXT, naam TEXT, bedrijfsnaam TEXT, factuuradres TEXT,
    postcode TEXT, woonplaats TEXT, telefoonnummer TEXT, mailadres TEXT, rekeningnummer TEXT, ingang DATE, einde DATE,
    geblokkeerd BOOLEAN);
CREATE TABLE portaal_account (id INTEGER PRIMARY KEY, debnr INTEGER, gebruikersnaam TEXT, wachtwoord TEXT);
CREATE TABLE portaal_log (id INTEGER PRIMARY KEY, account INTEGER, moment TIMESTAMP, handeling TEXT, ip TEXT);
CREATE TABLE bestelling (nr INTEGER PRIMARY KEY, debnr INTEGER, besteld_op DATE, artikel TEXT, prijs NUMERIC(10, 2));
CREATE TABLE factuur (nummer TEXT PRIMARY KEY, debnr INTEGER, datum DATE, tenaamstelling TEXT, bedrag NUMERIC(10, 2));
CREATE TABLE factuur_regel (id INTEGER PRIMARY KEY, factuur TEXT, tekst TEXT, bedrag NUMERIC(10, 2));
CREATE TABLE betaling (id INTEGER PRIMARY KEY, factuur TEXT, ontvangen DATE, bedrag NUMERIC(10, 2), van_rekening TEXT);
CREATE TABLE bezoeker (id INTEGER PRIMARY KEY, debnr INTEGER, ip TEXT, plaats TEXT, apparaat TEXT, browser TEXT,
    kanaal TEXT, bezoeken INTEGER, laatste DATE, leeftijd_geschat TEXT, geslacht_geschat TEXT, interesses TEXT);
CREATE TABLE reclame (id INTEGER PRIMARY KEY, mailadres TEXT, nieuwsbrief BOOLEAN, post BOOLEAN, telefoon BOOLEAN,
    sociale_media BOOLEAN, sinds DATE);
CREATE TABLE contactformulier (id INTEGER PRIMARY KEY, mailadres TEXT, ontvangen DATE, vraag TEXT, antwoord TEXT);
CREATE TABLE site_bezoeker (id INTEGER PRIMARY KEY, site TEXT, mailadres TEXT, naam TEXT, ip TEXT, moment TIMESTAMP);
CREATE TABLE site_formulier (id INTEGER PRIMARY KEY, site TEXT, mailadres TEXT, bericht TEXT);
"""
}
PREFIX = "2"
PRODUCTS = (
    ("Hosting Brons, jaar", 4800),
    ("Hosting Zilver, jaar", 9600),
    ("Virtuele server, jaar", 35880),
    ("Domeinregistratie, jaar", 995),
    ("SSL-certificaat, jaar", 4500),
)
_ACTS = ("ingelogd", "wachtwoord gewijzigd", "mailbox aangemaakt", "DNS-record gewijzigd", "back-up teruggezet")
_DEVICES = (("telefoon", "Firefox"), ("laptop", "Chrome"), ("tablet", "Safari"))
_INTERESTS = ("webwinkels", "beveiliging", "design, fotografie", "servers")


def rows(customers: list[Customer], invoices: list[Invoice], rng: random.Random, today: date) -> Rows:
    found: Tables = defaultdict(list)
    for c in customers:
        number = int(c.number)
        found["debiteur"].append(
            (
                number,
                rng.choice(["dhr.", "mevr.", ""]),
                c.name,
                c.company or None,
                c.address,
                c.postcode,
                c.place,
                c.phone,
                c.email,
                c.iban or None,
                c.since,
                c.until,
                False,
            )
        )
        if not c.until:
            found["portaal_account"].append((c.index, number, c.username, c.password_hash))
            for _ in range(rng.randint(1, 6)):
                day = today - timedelta(days=rng.randint(1, 300))
                moment = f"{day} {rng.randint(7, 22):02}:{rng.randint(0, 59):02}:00"
                found["portaal_log"].append((None, c.index, moment, rng.choice(_ACTS), c.ip))
        if not c.until and (rng.random() < 0.5 or c.index <= 6):
            device, browser = rng.choice(_DEVICES)
            found["bezoeker"].append(
                (
                    None,
                    number,
                    c.ip,
                    c.place,
                    device,
                    browser,
                    rng.choice(["zoekmachine", "nieuwsbrief", "advertentie"]),
                    rng.randint(1, 90),
                    today - timedelta(days=rng.randint(1, 360)),
                    rng.choice(["25-34", "35-49", "50-64"]),
                    rng.choice(["m", "v"]),
                    rng.choice(_INTERESTS),
                )
            )
        found["reclame"].append(
            (None, c.email, c.newsletter, rng.random() < 0.3, rng.random() < 0.2, rng.random() < 0.1, c.since)
        )
        for subject, note in rng.sample(QUESTIONS, rng.randint(0, 1)):
            found["contactformulier"].append((None, c.email, c.since + timedelta(days=12), subject, note))
        # Visitors of a customer's site are the customer's business; one of them is our customer too.
        visitor = customers[rng.randrange(len(customers))]
        moment = f"{today - timedelta(days=3)} 12:00:00"
        found["site_bezoeker"].append((None, c.domain, visitor.email, visitor.name, visitor.ip, moment))
        found["site_formulier"].append((None, c.domain, visitor.email, "Graag een offerte."))
    for i in invoices:
        _bill(found, i)
    return {"weservit": found}


def _bill(found: Tables, i: Invoice) -> None:
    c, number = i.customer, int(i.customer.number)
    found["factuur"].append((i.number, number, i.on, c.company or c.name, euros(i.cents)))
    for text, cents in i.lines:
        found["factuur_regel"].append((None, i.number, text, euros(cents)))
        found["bestelling"].append((None, number, i.on - timedelta(days=2), text, euros(cents)))
    if i.paid_on:
        found["betaling"].append((None, i.number, i.paid_on, euros(i.cents), c.iban or None))
