"""One small firm that every kind of data source can hold: the same people, invoices and traps, for the contract suites.

The firm has customers, invoices with lines, a processor table of a customer's own shop, and people who share things: a
phone number, a domain that changed hands, a mailbox, the customer number of their firm.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from cases.protocols import FoundTable, Identifier, Value
from tests.support.fake_source import FakePerson

NOW = datetime(2027, 2, 10, 9, tzinfo=UTC)
SCHEMA = """
CREATE TABLE klant (id INTEGER PRIMARY KEY, nummer VARCHAR(20), naam VARCHAR(80), mail VARCHAR(80),
                    mail_oud VARCHAR(80), telefoon VARCHAR(30), geheim VARCHAR(80), sinds DATE,
                    tot DATE, geblokkeerd BOOLEAN DEFAULT FALSE NOT NULL, nieuwsbrief BOOLEAN DEFAULT TRUE NOT NULL,
                    post BOOLEAN DEFAULT TRUE NOT NULL, afgemeld DATE);
CREATE TABLE factuur (id INTEGER PRIMARY KEY, klant INTEGER, nummer VARCHAR(20), bedrag NUMERIC(10, 2),
                      naam VARCHAR(80) NOT NULL DEFAULT 'Op naam', datum DATE, betaald DATE);
CREATE TABLE regel (id INTEGER PRIMARY KEY, factuur INTEGER REFERENCES factuur (id), tekst VARCHAR(80));
CREATE TABLE winkel_order (id INTEGER PRIMARY KEY, klant INTEGER, mail VARCHAR(80), naam VARCHAR(80));
INSERT INTO klant (id, nummer, naam, mail, mail_oud, telefoon, geheim, sinds) VALUES
  (1, 'K-100 1', 'Sanne Voorbeeld', 'Sanne@Voorbeeld.example', 'oud@voorbeeld.example', '06 - 1234 5678',
   'x', '2019-03-01'),
  (2, 'K-1002', 'Joost Anders', 'joost@anders.example', NULL, '+31 (0)6 12345678', NULL, '2020-01-02'),
  (3, '', 'Zonder Nummer', '', NULL, '', NULL, NULL),
  (4, 'K-2001', 'Anouk Eerst', 'anouk@eerst.example', NULL, NULL, NULL, NULL),
  (5, 'K-2002', 'Bram Later', 'bram@later.example', NULL, NULL, NULL, NULL),
  (6, 'K-3001', 'Carla Samen', 'samen@gezin.example', NULL, NULL, NULL, NULL),
  (7, '', 'Dirk Samen', 'samen@gezin.example', NULL, NULL, NULL, NULL),
  (8, 'K-4001', 'Eva Firma', 'eva@firma.example', NULL, NULL, NULL, NULL),
  (9, 'K-4001', 'Frits Firma', 'frits@firma.example', NULL, NULL, NULL, NULL);
INSERT INTO factuur (id, klant, nummer, bedrag, datum, betaald) VALUES
  (10, 1, 'F10', 12.5, '2020-02-29', '2020-03-04'), (11, 1, 'F11', 7.25, '2026-12-31', NULL),
  (12, 2, 'F12', 99, '2024-05-06', '2024-05-09');
UPDATE klant SET tot = '2024-06-30' WHERE id = 2;
INSERT INTO regel VALUES (100, 10, 'Domein'), (101, 10, 'Hosting'), (102, 11, 'Domein'), (103, 12, 'Workshop');
INSERT INTO winkel_order VALUES (1, 1, 'sanne@voorbeeld.example', 'Bezoeker van een ander');
CREATE TABLE domein (id INTEGER PRIMARY KEY, klant INTEGER, klantnr VARCHAR(20), naam VARCHAR(80), tot DATE);
INSERT INTO domein VALUES (1, 4, 'K-2001', 'gedeeld.example', '2023-05-01'), (2, 5, 'K-2002', 'gedeeld.example', NULL),
  (3, 4, 'K-2001', 'tweede.example', NULL);
CREATE TABLE bezoek (id INTEGER PRIMARY KEY, domein VARCHAR(80), bladzijde VARCHAR(80));
INSERT INTO bezoek VALUES (1, 'www.gedeeld.example', 'voorpagina');
"""
# Takes far longer than any time limit, and is cut off by the database itself.
ENDLESS = {
    "sqlite": """CREATE VIEW traag AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                 SELECT 'sanne@voorbeeld.example' || i AS mail FROM n""",
    "postgresql": "CREATE VIEW traag AS SELECT 'sanne@voorbeeld.example' || pg_sleep(3600)::text AS mail",
}
TABLES = """[[source.table]]
name = "klant"
label = "Klanten"
find_by = { email = ["mail"], customer_number = ["nummer"], klant = ["id"] }
named_by = { email = ["mail_oud"], phone = ["telefoon"] }
gives = { klant = ["id"], customer_number = ["nummer"] }
addresses = ["mail"]
technical = ["id", "mail_oud", "tot", "geblokkeerd", "nieuwsbrief", "post", "afgemeld"]
key = ["id"]
customer = { until = "tot" }
login = true
can = ["correct", "erase", "anonymise", "restrict", "lift", "opt_out"]
restrict = { set = { geblokkeerd = true } }
lift = { set = { geblokkeerd = false } }
[source.table.opt_out]
set = { afgemeld = "@today" }
channels = { email = { nieuwsbrief = false }, post = { post = false } }
[source.table.fields]
nummer = { label = "Klantnummer", category = "contact" }
naam = { label = "Naam", category = "contact", corrects = "name", anonymise_to = "verwijderd" }
mail = { label = "E-mailadres", category = "contact", corrects = "email", anonymise_to = "verwijderd-{key}" }
telefoon = { label = "Telefoon", category = "contact" }
geheim = { label = "Wachtwoord", category = "login", secret = true }
sinds = { label = "Klant sinds", category = "contact", identifies = false }

[[source.table]]
name = "factuur"
label = "Facturen"
find_by = { klant = ["klant"], invoice_number = ["nummer"] }
gives = { factuur = ["id"], klant = ["klant"] }
technical = ["id", "klant", "naam", "datum", "betaald"]
key = ["id"]
date = "datum"
issued = true
open = { amount = "bedrag", when_empty = "betaald" }
can = ["erase", "anonymise"]
[source.table.fields]
nummer = { label = "Factuurnummer", category = "invoices", identifies = false }
bedrag = { label = "Bedrag", category = "invoices", identifies = false }

[[source.table]]
name = "regel"
label = "Factuurregels"
find_by = { factuur = ["factuur"] }
technical = ["id", "factuur"]
key = ["id"]
date = "factuur.datum"
can = ["erase"]
[source.table.fields]
tekst = { label = "Omschrijving", category = "invoices" }

[[source.table]]
name = "domein"
label = "Domeinen"
find_by = { klant = ["klant"], domain = ["naam"] }
gives = { klant = ["klant"], customer_number = ["klantnr"], domain = ["naam"] }
technical = ["id", "klant", "klantnr"]
[source.table.fields]
naam = { label = "Domein", category = "contact" }
tot = { label = "Tot", category = "contact" }

[[source.table]]
name = "bezoek"
label = "Bezoek"
find_by = { domain = ["domein"] }
technical = ["id", "domein"]
[source.table.fields]
bladzijde = { label = "Bladzijde", category = "contact" }

[[source.table]]
name = "winkel_order"
label = "Bestellingen in winkels van klanten"
role = "processor"
"""
KLANT = ("nummer", "naam", "mail", "telefoon", "geheim", "sinds")
SANNE = ("K-100 1", "Sanne Voorbeeld", "Sanne@Voorbeeld.example", "06 - 1234 5678", True, date(2019, 3, 1))
JOOST = ("K-1002", "Joost Anders", "joost@anders.example", "+31 (0)6 12345678", False, date(2020, 1, 2))
ANOUK = ("K-2001", "Anouk Eerst", "anouk@eerst.example", None, False, None)


def key(number: int) -> str:
    return f'["{number}"]'


def _table(
    name: str, columns: tuple[str, ...], rows: dict[int, tuple[Value, ...]], days: dict[int, date] | None = None
) -> FoundTable:
    """Rows by their id; `days` where the table has them."""
    told = tuple((days or {}).get(number) for number in rows) if days else ()
    return FoundTable(name, columns, tuple(rows.values()), tuple(map(key, rows)), told)


_DAYS = {10: date(2020, 2, 29), 11: date(2026, 12, 31), 12: date(2024, 5, 6)}
SANNES_FILE = (
    _table("klant", KLANT, {1: SANNE}),
    _table("factuur", ("nummer", "bedrag"), {10: ("F10", 12.5), 11: ("F11", 7.25)}, _DAYS),
    _table(
        "regel", ("tekst",), {100: ("Domein",), 101: ("Hosting",), 102: ("Domein",)},
        {100: _DAYS[10], 101: _DAYS[10], 102: _DAYS[11]},
    ),
)  # fmt: skip
JOOSTS_FILE = (
    _table("klant", KLANT, {2: JOOST}),
    _table("factuur", ("nummer", "bedrag"), {12: ("F12", 99.0)}, _DAYS),
    _table("regel", ("tekst",), {103: ("Workshop",)}, {103: _DAYS[12]}),
)
ANOUKS_FILE = (
    _table("klant", KLANT, {4: ANOUK}),
    replace(
        _table("domein", ("naam", "tot"), {1: ("gedeeld.example", date(2023, 5, 1)), 3: ("tweede.example", None)}),
        keys=(),
    ),
    FoundTable("bezoek", ("bladzijde",), (("voorpagina",),)),
)


def people() -> tuple[FakePerson, ...]:
    """The firm as a fake holds it."""
    unpaid = {"customer": "running", "open_invoices": "€ 7,25"}
    return (
        FakePerson(
            frozenset({("email", "sanne@voorbeeld.example"), ("customer_number", "k-1001"), ("invoice_number", "f10")}),
            SANNES_FILE,
            ("sanne@voorbeeld.example",),
            frozenset({("email", "oud@voorbeeld.example"), ("phone", "0612345678")}),
            unpaid,
        ),
        FakePerson(
            frozenset({("email", "joost@anders.example"), ("customer_number", "k-1002")}),
            JOOSTS_FILE,
            ("joost@anders.example",),
            frozenset({("phone", "0612345678")}),
            {"customer": "former", "customer_until": "2024-06-30"},
        ),
        FakePerson(
            frozenset({("email", "anouk@eerst.example"), ("customer_number", "k-2001"), ("domain", "gedeeld.example")}),
            ANOUKS_FILE,
            facts={"customer": "running"},
        ),
        FakePerson(
            frozenset({("email", "bram@later.example"), ("customer_number", "k-2002"), ("domain", "gedeeld.example")}),
            (),
        ),
        FakePerson(frozenset({("email", "samen@gezin.example"), ("customer_number", "k-3001")}), ()),
        FakePerson(frozenset({("email", "samen@gezin.example")}), ()),
        *(  # their number leads from either to the other
            FakePerson(frozenset({("email", "eva@firma.example"), ("customer_number", "k-4001")}), ())
            for _ in ("Eva", "Frits")
        ),
    )


def proven(kind: str, value: str) -> Identifier:
    return Identifier(kind, value, proven=True)


def named(kind: str, value: str) -> Identifier:
    return Identifier(kind, value, proven=False)


EMAIL = proven("email", "sanne@voorbeeld.example")
