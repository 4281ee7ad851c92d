"""Facts: found, normalised, checked, and their place in the text. All numbers are invented and checksum-valid."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cases.reading import FactKind
from nlp.facts import facts_of


def found(text: str) -> dict[FactKind, str]:
    return {fact.kind: fact.value for fact in facts_of(text)}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("mail naar Jan.DeVries@Post.example aub", FactKind.EMAIL, "jan.devries@post.example"),
        ("bel 06-12345678", FactKind.PHONE, "+31612345678"),
        ("bel +31 20 123 4567 na zes uur", FactKind.PHONE, "+31201234567"),
        ("bel (020) 1234567", FactKind.PHONE, "+31201234567"),
        ("bel 0032 470 12 34 56", FactKind.PHONE, "+32470123456"),
        ("mijn IBAN is NL91 ABNA 0417 1643 00 en verder niets", FactKind.IBAN, "NL91ABNA0417164300"),
        ("nl91abna0417164300", FactKind.IBAN, "NL91ABNA0417164300"),
        ("rekening BE71 0961 2345 6769 graag", FactKind.IBAN, "BE71096123456769"),
        ("ik woon op 1234ab Ons Dorp", FactKind.POSTCODE, "1234 AB"),
        ("2517 AA Den Haag", FactKind.PLACE, "Den Haag"),
        ("Laan van Meerdervoort 55-2", FactKind.STREET, "Laan van Meerdervoort"),
        ("Laan van Meerdervoort 55-2", FactKind.HOUSE_NUMBER, "55-2"),
        ("Ook Dorpsweg 3 staat fout", FactKind.STREET, "Dorpsweg"),
        ("'t Mijne is BE0754255964. Kunt ge dat", FactKind.VAT, "BE0754255964"),
        ("Lange Voorhout 9, 2514 EA Den Haag", FactKind.STREET, "Lange Voorhout"),
        ("wij wonen nu Oude Steenweg 12 in Ledeberg", FactKind.STREET, "Oude Steenweg"),
        ("lange nieuwstraat 28 in zwolle", FactKind.STREET, "lange nieuwstraat"),
        ("Dorpsweg 3 te Achterbeek", FactKind.PLACE, "Achterbeek"),
        ("Kerkstraat 3 bus 4\n8501 Heule", FactKind.PLACE, "Heule"),
        ("Kerkweg 77 poort 4", FactKind.HOUSE_NUMBER, "77 poort 4"),
        ("KvK-nummer 12345678", FactKind.KVK, "12345678"),
        ("btw NL 1234.56.782.B12", FactKind.VAT, "NL123456782B12"),
        ("www.voorbeeld.example", FactKind.DOMAIN, "www.voorbeeld.example"),
        ("geboren op 4 mei 1990", FactKind.DATE, "1990-05-04"),
        ("geboren 4-5-90", FactKind.DATE, "1990-05-04"),
        ("op 31-12-2024 gestopt", FactKind.DATE, "2024-12-31"),
        ("op 2024-02-29", FactKind.DATE, "2024-02-29"),
        ("de code is 482 913", FactKind.CODE, "482913"),
        ("Mijn naam is Jan de Vries en ik", FactKind.NAME, "Jan de Vries"),
        ("Wis alles.\n\nMet vriendelijke groet,\nMiep van den Berg", FactKind.NAME, "Miep van den Berg"),
        ("Wis alles. \ngr. Dirk", FactKind.NAME, "Dirk"),
    ],
)
def test_found_and_normalised(text: str, kind: FactKind, value: str) -> None:
    assert found(text).get(kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("nummer 111222333", FactKind.BSN),  # passes the 11-proef, but nothing says it is one
        ("op 31-02-2024", FactKind.DATE),
        ("bellen kan op 06-10 44 92 87, na vieren", FactKind.DATE),
        ("versie 12.0.1", FactKind.DATE),
        ("bel 1234567890123", FactKind.PHONE),
        ("in 2024 en 0123 AB", FactKind.POSTCODE),  # no Dutch postcode begins with 0
        ("bv. morgen", FactKind.DOMAIN),
        ("EAN 8716 0000 4410 2297 15", FactKind.PHONE),
        ("met mededeling +++090/9337/55493+++", FactKind.PHONE),
        ("meter E 0048 7719 20", FactKind.PHONE),
        ("vergunning 14082", FactKind.PHONE),
        ("5000 st A5", FactKind.POSTCODE),
    ],
)
def test_not_taken_for_what_it_is_not(text: str, kind: FactKind) -> None:
    assert kind not in found(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("IBAN NL91 ABNA 0417 1643 01", FactKind.IBAN),  # check digits wrong: still what the sender gave
        ("bel 06-123", FactKind.PHONE),
        ("bel 099 99 99 999", FactKind.PHONE),
        ("btw NL123456789B01", FactKind.VAT),
    ],
)
def test_what_fails_its_check_is_never_checked(text: str, kind: FactKind) -> None:
    assert not [fact for fact in facts_of(text) if fact.kind is kind and fact.checked]


@pytest.mark.parametrize(("number", "checked"), [("111222333", True), ("123456789", False), ("111.222.333", True)])
def test_a_bsn_needs_its_cue_and_tells_whether_it_passes(number: str, checked: bool) -> None:
    facts = [fact for fact in facts_of(f"mijn bsn is {number}.") if fact.kind is FactKind.BSN]
    assert [fact.checked for fact in facts] == [checked]


@pytest.mark.parametrize(
    ("text", "kind", "written"),
    [
        ("Open staat nog:\n- 70024418\n- 70024502\n\nP. Jansen\nKvK 08114477", FactKind.KVK, ["08114477"]),
        ("In de bevestiging van 10.448.201 staan 100 dozen.\nSas | ALPHEN", FactKind.KVK, []),
        ("KvK klopt niet: was 58110273, is nu 58110237.", FactKind.KVK, ["58110273", "58110237"]),
        ("KvK 54120993 blijft. Klantnummer was 5410 2297.", FactKind.KVK, ["54120993"]),
        ("Het BSN 111222333 is fout. Het juiste nummer is 123456782.", FactKind.BSN, ["111222333", "123456782"]),
        ("Het BSN 111222333 is fout. Bel 101234567 maar.", FactKind.BSN, ["111222333"]),
        ("Mijn bsn is gelijk gebleven. Verzekerdennr 316604482", FactKind.BSN, []),
        ("Mijn bsn staat er ook op, kvk 72290416 is goed", FactKind.BSN, []),
    ],
)
def test_a_cue_speaks_for_what_stands_behind_it_until_another_number_is_named(
    text: str, kind: FactKind, written: list[str]
) -> None:
    assert [text[fact.start : fact.end] for fact in facts_of(text) if fact.kind is kind] == written


@pytest.mark.parametrize(
    ("text", "kind", "written"),
    [
        ("Mijn pakket ligt bij de buren op 31 maar die zijn weg", FactKind.HOUSE_NUMBER, ["31"]),
        ("Mijn buurman van 83 wil mee", FactKind.HOUSE_NUMBER, []),
        ("Niet Vondelweg 1180 maar 1108, alleen deze keer", FactKind.HOUSE_NUMBER, ["1180", "1108"]),
        ("Mijn huisnummer staat als 80, moet 8 zijn.", FactKind.HOUSE_NUMBER, ["80", "8"]),
        ("Ik zie dat mn huisnr fout staat, er staat 114 maar moet 141 zijn", FactKind.HOUSE_NUMBER, ["114", "141"]),
        ("Wij zitten op Burgemeester van Tuyllkade 3", FactKind.STREET, ["Burgemeester van Tuyllkade"]),
        ("Die van Hofstraat 12 kan later", FactKind.STREET, ["Hofstraat"]),
        ("Is nu:\nJan Bos\nWalravestraat 8", FactKind.STREET, ["Walravestraat"]),
        ("Ze hebben een kopie van mijn paspoort 2 keer", FactKind.STREET, []),
        ("Storing 88 is gemeld, levering 24 niet", FactKind.STREET, []),
        ("Ik woon Steenweg op Leuven 3", FactKind.STREET, ["Steenweg op Leuven"]),
    ],
)
def test_where_people_live(text: str, kind: FactKind, written: list[str]) -> None:
    assert [text[fact.start : fact.end] for fact in facts_of(text) if fact.kind is kind] == written


def test_places_point_at_what_was_written() -> None:
    text = "Postcode 1234ab, tel 06-12345678, geb. 4 mei 1990."
    written = {fact.kind: text[fact.start : fact.end] for fact in facts_of(text)}
    assert written == {
        FactKind.POSTCODE: "1234ab",
        FactKind.PHONE: "06-12345678",
        FactKind.DATE: "4 mei 1990",
    }


def test_facts_do_not_overlap_and_stand_in_order() -> None:
    facts = facts_of("jan@voorbeeld.example, NL91ABNA0417164300, 06-12345678, Dorpsweg 3, 1234 AB Gouda, 3-3-2023")
    assert all(one.end <= other.start for one, other in pairwise(facts))
    assert {FactKind.EMAIL, FactKind.IBAN, FactKind.PHONE, FactKind.STREET} <= {fact.kind for fact in facts}


def test_a_list_of_a_thousand_addresses_is_bounded() -> None:
    assert len(facts_of(" ".join(f"p{number}@post.example" for number in range(1_000)))) <= 40
