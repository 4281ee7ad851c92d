"""Why a mail server, or who signs in there, does not work: fixed words for staff, on the channels page and in `init`.

Never what the other side said: it may quote an address or a token. What an SMTP server replies is in `replies`.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from enum import StrEnum


class Fault(StrEnum):
    """A text may be followed by a colon and what is certainly no personal data (a status, a kind of error)."""

    LOGIN = "de aanmelding is geweigerd; naam of wachtwoord klopt niet, of de provider wil een token"
    NOT_NOW = "de server laat ons op dit moment niet toe"
    CERTIFICATE_NAME = "het certificaat van de server staat op een andere naam"
    CERTIFICATE_ISSUER = "het certificaat van de server komt van een onbekende uitgever; een eigen uitgever: ca_file"
    CERTIFICATE_DATE = "het certificaat van de server is verlopen of nog niet geldig"
    CERTIFICATE = "het certificaat van de server deugt niet"
    NOT_OFFERED = "de server biedt niet wat de instellingen vragen"
    NOT_PROTECTED = "de server biedt geen beveiligde verbinding (STARTTLS)"
    NO_ANSWER = "de server gaf geen antwoord binnen de tijd"
    UNREADABLE = "het antwoord van de server is niet te lezen"
    BROKEN_OFF = "de server verbrak de verbinding"
    REFUSED = "de server weigerde een opdracht"
    NO_LINE = "geen verbinding met de mailserver"

    SIGN_IN_AGAIN = "de aanmelding bij de provider geldt niet meer; meld opnieuw aan met privacyloket init"
    CLIENT_REFUSED = "de provider weigert deze toepassing; is haar geheim (client secret) verlopen"
    DENIED = "degene die zich aanmeldde gaf geen toestemming"
    SCOPE_REFUSED = "de provider geeft de toepassing geen toegang tot mail"
    TOO_LATE = "er is niet op tijd aangemeld"
    NO_REFRESH_TOKEN = "de provider gaf geen blijvende aanmelding"  # noqa: S105  words, no token
    NO_TOKEN = "de provider gaf geen token"  # noqa: S105  words, no token
    WRONG_ADDRESS = "het geplakte adres hoort niet bij deze aanmelding"
    PROVIDER_AWAY = "de provider gaf geen antwoord"
    PROVIDER_REFUSED = "de provider weigert de aanmelding"


_LASTING = (
    Fault.LOGIN, Fault.CERTIFICATE_NAME, Fault.CERTIFICATE_ISSUER, Fault.CERTIFICATE_DATE, Fault.CERTIFICATE,
    Fault.NOT_OFFERED, Fault.NOT_PROTECTED, Fault.SIGN_IN_AGAIN, Fault.CLIENT_REFUSED,
)  # fmt: skip


def needs_a_person(reason: str) -> bool:
    """Whether this does not pass by itself. Lines break every day, and are mended a second later."""
    return reason.startswith(_LASTING)


_BY_NUMBER = {  # OpenSSL's X509_V_ERR_…: it says what is wrong only by number
    **dict.fromkeys((62, 64), Fault.CERTIFICATE_NAME),  # host name, IP address
    **dict.fromkeys((2, 18, 19, 20, 21), Fault.CERTIFICATE_ISSUER),  # unknown, or a certificate that signed itself
    **dict.fromkeys((9, 10), Fault.CERTIFICATE_DATE),  # not yet valid, expired
}


def certificate_fault(error: BaseException) -> Fault | None:
    """What is wrong with the server's certificate; None when that is not what went wrong. Libraries wrap the error."""
    for one in _chain(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            return _BY_NUMBER.get(one.verify_code, Fault.CERTIFICATE)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
