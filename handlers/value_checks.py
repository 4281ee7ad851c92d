"""A new value before it goes into a system: does it pass its own check, and how is it written and shown?

IBAN (mod 97), KvK number (eight digits), VAT number and Dutch postcode by stdnum, phone numbers by phonenumbers. A
value that fails is asked again with the reason; nobody guesses what was meant. Serves art. 16 and 5(1)(d) AVG.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import phonenumbers
from stdnum import iban
from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.nl import postcode

from cases.protocols import Value
from handlers.masking import last_four

SENSITIVE = frozenset({"email", "iban"})  # a change of these is a way into an account, or to somebody's money
_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@(?:[\w-]+\.)+[\w-]{2,}")
_DUTCH_POSTCODE = re.compile(r"\d{4}\s?[A-Za-z]{0,2}")
_KVK_DIGITS = 8


def checked(kind: str, value: str) -> str | None:
    """The value as a system gets it; None when it fails its check. Kinds without a check only lose double blanks."""
    plain = " ".join(value.split()).strip(" ,;")
    check = _CHECKS.get(kind)
    return check(plain) if check else (plain or None)


def same(kind: str, one: Value, other: Value) -> bool:
    """Whether two spellings are the same value: capitals and blanks never count, nor how a number is written."""
    return _core(kind, one) == _core(kind, other)


def shown(kind: str, value: Value) -> str:
    """A value as a letter may show it: enough to recognise, too little to misuse."""
    text = "" if value is None else str(value).strip()
    mask = _MASKS.get(kind)
    return mask(text) if mask and text else text


def as_stored(kind: str, value: str, current: Value) -> str:
    """A phone number in the way this system writes them: international where it was, else as the person wrote it."""
    if kind == "phone" and str(current or "").startswith("+"):
        number = phonenumbers.parse(value, "NL")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return value


# --- checks -----------------------------------------------------------------------------------------------------------


def _iban(value: str) -> str | None:
    return _valid(iban.validate, value)


def _vat(value: str) -> str | None:
    return _valid(vat.validate, value)


def _kvk(value: str) -> str | None:
    digits = re.sub(r"[\s.]", "", value)
    return digits if digits.isdigit() and len(digits) == _KVK_DIGITS else None


def _postcode(value: str) -> str | None:
    """Dutch ones by their check; those of other countries as they are."""
    return _valid(postcode.validate, value) if _DUTCH_POSTCODE.fullmatch(value) else value


def _phone(value: str) -> str | None:
    try:
        return value if phonenumbers.is_valid_number(phonenumbers.parse(value, "NL")) else None
    except phonenumbers.NumberParseException:
        return None


def _email(value: str) -> str | None:
    return value if _EMAIL.fullmatch(value) else None


def _valid(validate: Callable[[str], object], value: str) -> str | None:
    try:
        return str(validate(value))
    except ValidationError:
        return None


_CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "iban": _iban,
    "btw": _vat,
    "kvk": _kvk,
    "postcode": _postcode,
    "phone": _phone,
    "email": _email,
}


# --- comparing and masking --------------------------------------------------------------------------------------------


def _core(kind: str, value: Value) -> str:
    text = "" if value is None else str(value)
    if kind == "phone":
        return re.sub(r"\D", "", text)[-9:]  # without country code or trunk zero
    if kind in ("iban", "btw", "kvk", "postcode", "house_number"):
        return re.sub(r"[\s.\-]", "", text).casefold()
    return " ".join(text.split()).casefold()


def _masked_email(text: str) -> str:
    name, _, domain = text.rpartition("@")
    return f"{name[:1]}•••@{domain}"


def _masked_phone(text: str) -> str:
    return f"•••• {re.sub(r'[^0-9]', '', text)[-3:]}"


def _beginning(text: str) -> str:
    return f"{text[:2]}…" if len(text) > 3 else "…"


_MASKS: Mapping[str, Callable[[str], str]] = {
    "email": _masked_email,
    "iban": lambda text: str(last_four(text)),
    "phone": _masked_phone,
    # a mail holds no address: the beginning is enough to see which value is meant (a name stands in the greeting)
    **dict.fromkeys(("street", "place", "postcode", "date_of_birth"), _beginning),
}
