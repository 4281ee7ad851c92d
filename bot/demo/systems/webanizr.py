"""A site builder with three systems: the platform, an outside mailing service and outside statistics.

Forms that visitors fill in on customers' sites stand in the platform, and are the customers' (processor).
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta

from bot.demo.names import QUESTIONS
from bot.demo.people import Customer, Invoice, euros
from bot.demo.systems import Rows, Tables

DATABASES = {
    "webanizr-platform": """
CREATE TABLE accounts (account_id INTEGER PRIMARY KEY, naam TEXT, email TEXT, telefoon TEXT, wachtwoord TEXT,
    factuur_naam TEXT, factuur_adres TEXT, factuur_postcode TEXT, factuur_plaats TEXT, aangemaakt DATE, gesloten DATE,
    geblokkeerd BOOLEAN);
CREATE TABLE sites (id INTEGER PRIMARY KEY, account_id INTEGER, domein TEXT, titel TEXT, gemaakt DATE);
CREATE TABLE abonnementen (id INTEGER PRIMARY KEY, account_id INTEGER, soort TEXT, begint DATE, eindigt DATE);
CREATE TABLE facturen (nummer TEXT PRIMARY KEY, account_id INTEGER, datum DATE, aan TEXT, bedrag NUMERIC(10, 2),
    betaald DATE);
CREATE TABLE factuurregels (id INTEGER PRIMARY KEY, factuur TEXT, omschrijving TEXT, bedrag NUMERIC(10, 2));
CREATE TABLE tickets (id INTEGER PRIMARY KEY, account_id INTEGER, datum DATE, onderwerp TEXT, notitie TEXT);
CREATE TABLE form_submissions (id INTEGER PRIMARY KEY, site_id INTEGER, naam TEXT, email TEXT, bericht TEXT,
    ingezonden TIMESTAMP);
""",
    "webanizr-mailing": """
CREATE TABLE subscribers (id INTEGER PRIMARY KEY, email TEXT, name TEXT, customer_no TEXT, list TEXT, status TEXT,
    subscribed DATE, unsubscribed DATE);
CREATE TABLE campaigns_sent (id INTEGER PRIMARY KEY, subscriber_id INTEGER, campaign TEXT, sent DATE, opened BOOLEAN);
""",
    "webanizr-statistieken": """
CREATE TABLE sessies (id INTEGER PRIMARY KEY, account TEXT, ip TEXT, begin TIMESTAMP, paginas INTEGER, browser TEXT);
""",
}
PREFIX = "WZ"
PRODUCTS = (
    ("Site Compleet, jaar", 14400),
    ("Site Klein, jaar", 7200),
    ("Eigen domeinnaam, jaar", 1500),
    ("Extra opslag, jaar", 3000),
)


def rows(customers: list[Customer], invoices: list[Invoice], rng: random.Random, today: date) -> Rows:
    platform: Tables = defaultdict(list)
    mailing: Tables = defaultdict(list)
    sessions: list[tuple[object, ...]] = []
    for c in customers:
        number = int(c.number)
        platform["accounts"].append(
            (
                number,
                c.name,
                c.email,
                c.phone,
                c.password_hash,
                c.company or c.name,
                c.address,
                c.postcode,
                c.place,
                c.since,
                c.until,
                False,
            )
        )
        platform["sites"].append((c.index, number, c.domain, c.company or f"De site van {c.first}", c.since))
        platform["abonnementen"].append((None, number, rng.choice(PRODUCTS)[0], c.since, c.until))
        for subject, note in rng.sample(QUESTIONS, rng.randint(0, 2)):
            platform["tickets"].append((None, number, c.since + timedelta(days=rng.randint(1, 19)), subject, note))
        visitor = customers[rng.randrange(len(customers))]
        moment = f"{today - timedelta(days=rng.randint(1, 200))} 09:30:00"
        platform["form_submissions"].append(
            (None, c.index, visitor.name, visitor.email, "Kunt u mij terugbellen?", moment)
        )
        if c.newsletter:
            status = "unsubscribed" if c.until else "active"
            mailing["subscribers"].append(
                (c.index, c.email, c.name, c.number, "Klanten en abonnees", status, c.since, c.until)
            )
            mailing["campaigns_sent"] += [
                (None, c.index, f"Nieuwsbrief {n}", c.since + timedelta(days=10 * n), rng.random() < 0.4)
                for n in range(1, 3)
            ]
        for _ in range(rng.randint(0, 4) if c.index > 6 else 3):
            begin = f"{today - timedelta(days=rng.randint(1, 200))} {rng.randint(8, 22):02}:15:00"
            sessions.append((None, c.number, c.ip, begin, rng.randint(1, 30), rng.choice(["Firefox", "Safari"])))
    for i in invoices:
        c = i.customer
        platform["facturen"].append((i.number, int(c.number), i.on, c.company or c.name, euros(i.cents), i.paid_on))
        platform["factuurregels"] += [(None, i.number, text, euros(cents)) for text, cents in i.lines]
    return {
        "webanizr-platform": platform,
        "webanizr-mailing": mailing,
        "webanizr-statistieken": {"sessies": sessions},
    }
