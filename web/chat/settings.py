"""What one organisation's web chat is told at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from workflow.web_chat import account_of


class Algorithm(StrEnum):
    """RFC 7518, 3.1: a shared secret, or the portal's public key. "none" is no choice."""

    HS256 = "HS256"
    RS256 = "RS256"
    ES256 = "ES256"


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """The organisation's own portal, which may hand over a customer who is logged in there."""

    algorithm: Algorithm
    key: str = field(repr=False)  # the shared secret, or the public key (PEM)
    issuer: str
    audience: str
    claims: Mapping[str, str]  # identifier kind → the claim that holds it


@dataclass(frozen=True, slots=True)
class WebChatSettings:
    organisation: str
    origins: tuple[str, ...] = ()  # of the pages that may embed the chat; our own page always may
    portal: PortalSettings | None = None

    @property
    def account(self) -> str:
        return account_of(self.organisation)
