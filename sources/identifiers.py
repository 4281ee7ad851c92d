"""How a handle to a person is compared with what stands in a database.

E-mail addresses fold ASCII case only: Unicode lower-casing maps e.g. the Kelvin sign to "k", and an address that
merely looks alike must not open another person's file. Nothing is ever compared by pattern (LIKE).
"""

from __future__ import annotations

import string

import phonenumbers

# Kinds that mean the same in every system; any other kind is a key inside one source and never leaves it.
SHARED_KINDS = frozenset({"email", "customer_number", "phone", "domain", "invoice_number", "order_number"})

_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_HOME = "NL"
_SHORTEST_PHONE = 7


def canonical(kind: str, value: str) -> str:
    """The one way a value of a shared kind is written here; empty when it can match nothing."""
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        return ""  # no database stores these, and PostgreSQL refuses to be asked
    text = value.translate(_ASCII_LOWER)
    if kind == "email":
        return text.strip() if "@" in text else ""
    if kind == "domain":
        return text.strip().rstrip(".").removeprefix("www.")
    if kind == "phone":
        number = _phone(value)
        return f"+{number.country_code}{number.national_number}" if number else ""
    return "".join(text.split())


def spellings(kind: str, value: str) -> tuple[str, ...]:
    """How a folded column may write a canonical value."""
    if kind == "domain":
        return (value, f"www.{value}")
    if kind == "phone" and (number := _phone(value)):
        # Digits only, as people write them: 31612345678, 0031612345678, 31(0)612345678 and 0612345678.
        country, national = number.country_code, number.national_number
        abroad = (f"{country}{national}", f"00{country}{national}", f"{country}0{national}")
        # Without its country code a foreign number could be anybody's Dutch number.
        return (*abroad, f"0{national}") if country == phonenumbers.country_code_for_region(_HOME) else abroad
    return (value,)


def _phone(value: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(value, _HOME)
    except phonenumbers.NumberParseException:
        return None
    return number if len(str(number.national_number)) >= _SHORTEST_PHONE else None
