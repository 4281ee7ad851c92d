"""The declaration of a data source: what is read from it, and what is refused with line and key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cases.errors import ConfigError
from cases.protocols import SourceRole
from cases.types import Verb
from sources.settings import load_sources
from sources.sql_settings import DateOf, SqlSourceSettings

GOOD = """\
[[source]]
name = "boek"
label = "Administratie"
url = "sqlite:///boek.db"
timeout_seconds = 4

[[source.table]]
name = "klant"
label = "Klanten"
find_by = { email = ["mail"], klant = ["id"] }
gives = { klant = ["id"] }
addresses = ["mail"]
technical = ["id"]
[source.table.fields]
mail = { label = "E-mailadres", category = "contact" }
iban = { label = "IBAN", category = "bank", mask = "iban" }
geheim = { label = "Wachtwoord", category = "login", secret = true }

[[source.table]]
name = "winkel_order"
label = "Van klanten"
role = "processor"
"""


def test_reads_a_declaration() -> None:
    (source,) = load_sources(GOOD, file="klant/bronnen.toml")
    assert isinstance(source, SqlSourceSettings)
    assert (source.name, source.timeout_seconds, source.url.database) == ("boek", 4, "klant/boek.db")
    assert [table.name for table in source.info.tables] == ["klant", "winkel_order"]
    assert [table.info.role for table in source.tables] == [SourceRole.CONTROLLER, SourceRole.PROCESSOR]
    assert [table.info.name for table in source.searched] == ["klant"]
    mail, iban, secret = source.tables[0].info.fields
    assert (mail.category, iban.mask, secret.secret) == ("contact", "iban", True)


def test_a_table_read_before_gives_the_same() -> None:
    assert load_sources(tomllib.loads(GOOD), file="x.toml") == load_sources(GOOD, file="x.toml")


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ('label = "Klanten"', 'label = "Klanten"\nlabbel = "x"', 10, "source[1].table[1].labbel"),
        ('mask = "iban"', 'maks = "iban"', 16, "source[1].table[1].fields.iban.maks"),
        ('mask = "iban"', 'mask = "half"', 16, "source[1].table[1].fields.iban.mask"),
        ('mask = "iban"', 'about = "buur"', 16, "source[1].table[1].fields.iban.about"),
        ('category = "bank"', 'category = "geld"', 16, "source[1].table[1].fields.iban.category"),
        ("timeout_seconds = 4", "timeout_seconds = 0", 5, "source[1].timeout_seconds"),
        ("timeout_seconds = 4", "max_rows = 0", 5, "source[1].max_rows"),
        ("timeout_seconds = 4", "pool = 4", 5, "source[1].pool"),
        ('role = "processor"', 'role = "processor"\nfind_by = { email = ["mail"] }', 23, "source[1].table[2].find_by"),
        ('role = "processor"', 'role = "processor"\nnamed_by = { email = ["m"] }', 23, "source[1].table[2].named_by"),
        ('role = "processor"', 'role = "verwerker"', 22, "source[1].table[2].role"),
        ('name = "winkel_order"', 'name = "klant"', 20, "source[1].table[2].name"),
        ('email = ["mail"]', 'emial = ["mail"]', 10, "source[1].table[1].find_by"),
        ('email = ["mail"]', 'email = ["maill"]', 10, "source[1].table[1].find_by"),
        ('email = ["mail"]', 'email = ["geheim"]', 10, "source[1].table[1].find_by"),
        ('gives = { klant = ["id"] }', 'gives = { klnt = ["id"] }', 10, "source[1].table[1].find_by"),
        ('addresses = ["mail"]', 'addresses = ["post"]', 12, "source[1].table[1].addresses"),
        ("sqlite:///boek.db", "mysql://x/y", 4, "source[1].url"),
        ("sqlite:///boek.db", "sqlite://", 4, "source[1].url"),
        ("sqlite:///boek.db", "geen url", 4, "source[1].url"),
        ('url = "sqlite:///boek.db"', 'url_env = "BESTAAT_NIET_XYZ"', 4, "source[1].url_env"),
        ('url = "sqlite:///boek.db"', 'url_file = "weg.txt"', 4, "source[1].url_file"),
        ("timeout_seconds = 4", 'url_env = "X"', 4, "source[1].url"),
    ],
)
def test_refuses_with_line_and_key(old: str, new: str, line: int, key: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load_sources(GOOD.replace(old, new), file="b.toml", categories={"contact", "bank", "login"})
    assert (caught.value.file, caught.value.line, caught.value.key) == ("b.toml", line, key)


CHANGES = """\
[[source]]
name = "boek"
label = "Administratie"
recipient = "boekhouder"
url = "sqlite:///boek.db"
write_url = "sqlite:///boek.db"

[[source.table]]
name = "klant"
label = "Klanten"
find_by = { email = ["mail"], klant = ["id"] }
gives = { klant = ["id"] }
technical = ["id", "tot", "dicht"]
key = ["id"]
date = "tot"
customer = { until = "tot" }
can = ["correct", "anonymise", "restrict", "lift", "opt_out"]
restrict = { set = { dicht = true } }
lift = { set = { dicht = false } }
opt_out = { channels = { email = { nieuws = false } } }
[source.table.fields]
mail = { label = "E-mailadres", category = "contact", corrects = "email", anonymise_to = "{key}@weg.example" }
nieuws = { label = "Nieuwsbrief", category = "contact", identifies = false }

[[source.table]]
name = "factuur"
label = "Facturen"
find_by = { klant = ["klant"] }
gives = { factuur = ["nr"] }
technical = ["klant"]
key = ["nr"]
date = "datum"
issued = true
open = { amount = "bedrag", settled_in = "betaling" }
can = ["erase"]
[source.table.fields]
nr = { label = "Nummer", category = "contact" }
datum = { label = "Datum", category = "contact" }
bedrag = { label = "Bedrag", category = "contact" }

[[source.table]]
name = "betaling"
label = "Betalingen"
find_by = { factuur = ["factuur"] }
technical = ["factuur"]
date = "factuur.datum"
[source.table.fields]
bedrag = { label = "Bedrag", category = "contact" }
"""


def test_reads_how_records_are_changed() -> None:
    (source,) = load_sources(CHANGES, file="b.toml")
    assert isinstance(source, SqlSourceSettings)
    customers, invoices, payments = source.tables
    assert (source.info.recipient, source.write_url) == ("boekhouder", source.url)
    assert customers.info.can == set(Verb) - {Verb.ERASE}
    assert [(field.corrects, field.identifies) for field in customers.info.fields] == [("email", True), ("", False)]
    assert customers.ways.anonymise_to == {"mail": "{key}@weg.example"}
    assert customers.ways.opt_out.of(("post",)) == {}
    assert customers.ways.opt_out.of(()) == customers.ways.opt_out.of(("email",)) == {"nieuws": False}
    assert invoices.info.issued
    assert payments.date == DateOf("datum", "factuur", "factuur", "nr")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('write_url = "sqlite:///boek.db"', "", "table[1].can"),
        ('write_url = "sqlite:///boek.db"', 'write_url_env = "BESTAAT_NIET_XYZ"', "write_url_env"),
        ('key = ["id"]\n', "", "table[1].key"),
        ('key = ["id"]\n', 'key = ["weg"]\n', "table[1].key"),
        ('date = "tot"', 'date = "weg"', "table[1].date"),
        ('date = "factuur.datum"', 'date = "klant.tot"', "table[3].date"),
        ('date = "factuur.datum"', 'date = "factuur.weg"', "table[3].date"),
        ('until = "tot"', 'until = "weg"', "table[1].customer"),
        ('settled_in = "betaling"', 'settled_in = "klant"', "table[2].open.settled_in"),
        ('"restrict", ', "", "table[1].can"),
        ("lift = { set = { dicht = false } }\n", "", "table[1].lift"),
        ("{ dicht = true }", "{ weg = true }", "table[1].restrict"),
        ("{ dicht = true }", '{ dicht = "@morgen" }', "table[1].restrict"),
        ("{ nieuws = false }", "{ weg = false }", "table[1].opt_out"),
        ('can = ["erase"]', 'can = ["erase", "correct"]', "table[2].can"),
        ('can = ["erase"]', 'can = ["erase", "anonymise"]', "table[2].fields.nr"),
        ('corrects = "email"', 'corrects = "e-mail"', "table[1].fields.mail.corrects"),
        ('"anonymise", ', "", "table[1].fields.mail.anonymise_to"),
        ('name = "boek"', 'name = "boek"\nkind = "gopher"', "kind"),
    ],
)
def test_refuses_changes_that_can_not_be_made(old: str, new: str, key: str) -> None:
    assert old in CHANGES
    with pytest.raises(ConfigError) as caught:
        load_sources(CHANGES.replace(old, new, 1), file="b.toml")
    assert caught.value.key == f"source[1].{key}"


def test_without_text_an_error_names_the_key_and_no_line() -> None:
    with pytest.raises(ConfigError) as caught:
        load_sources(tomllib.loads(GOOD.replace("timeout_seconds", "timeout")), file="b.toml")
    assert (caught.value.line, caught.value.key) == (None, "source[1].timeout")


def test_a_password_comes_from_outside_and_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLANT_DB", "postgresql://lezer:geheimpje@127.0.0.1/boek")
    (source,) = load_sources(GOOD.replace('url = "sqlite:///boek.db"', 'url_env = "KLANT_DB"'), file="b.toml")
    assert isinstance(source, SqlSourceSettings)
    assert (source.url.drivername, source.url.password) == ("postgresql+psycopg", "geheimpje")
    assert "geheimpje" not in repr(source)
    (tmp_path / "url").write_text("mysql://lezer:geheimpje@127.0.0.1/boek\n")
    with pytest.raises(ConfigError) as caught:
        load_sources(GOOD.replace('url = "sqlite:///boek.db"', 'url_file = "url"'), file="b.toml", base=tmp_path)
    assert "geheimpje" not in str(caught.value)
