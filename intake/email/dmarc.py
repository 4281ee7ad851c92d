"""What the owner of a From domain has published, and whether a mail meets it (DMARC, RFC 7489). Pure but for the DNS.

Our own, because the library for it reads only the first signature, cuts domains at a hyphen, and loads its list of
suffixes anew for every question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from intake.email.domains import aligned, organisational
from intake.email.resolver import Answers


@dataclass(frozen=True, slots=True)
class Policy:
    """How near the names must be; what to do with a failure is not ours to carry out: a person looks."""

    strict_dkim: bool
    strict_spf: bool


def find_policy(domain: str, answers: Answers) -> Policy | None:
    """The record of the domain, else of its organisational domain. Raises Temporary when the DNS is silent."""
    for name in dict.fromkeys((domain, organisational(domain))):
        records = [text for text in answers.ask(f"_dmarc.{name}", "TXT") if _tags(text)[:1] == [("v", "DMARC1")]]
        if len(records) == 1:
            tags = dict(_tags(records[0]))
            return Policy(strict_dkim=tags.get("adkim", "r").lower() == "s", strict_spf=tags.get("aspf") == "s")
        if records:
            return None  # several: none of them counts (RFC 7489 6.6.3)
    return None


def _tags(record: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in record.split(";") if "=" in part)
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs]


def meets(policy: Policy, from_domain: str, *, spf_domain: str, dkim_domains: Iterable[str]) -> bool:
    """`spf_domain` and `dkim_domains` are those that passed."""
    if spf_domain and aligned(from_domain, spf_domain, strict=policy.strict_spf):
        return True
    return any(aligned(from_domain, domain, strict=policy.strict_dkim) for domain in dkim_domains)
