"""Is the address in From borne out? Evidence for staff, never a proof of who wrote (RFC 8601, 7489, 8617).

Believed in this order: what the organisation's own receiving server wrote (only under the name that the organisation
has configured, only the topmost such field, and only where a sender can not have put it); a forwarder's seal, only of
forwarders that are named; our own check. SPF needs the address of the machine that delivered: our own door knows it,
else the topmost Received of a named host tells it, else SPF is not looked at and its absence proves nothing.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from ipaddress import ip_address, ip_network

from cases.errors import Temporary, place_of
from cases.messages import ParsedMessage, RawInbound
from cases.protocols import SenderEvidence, SenderLevel
from cases.types import Custody
from intake.email.auth_results import AuthResults, Method, parse_auth_results
from intake.email.dkim import Signature, can_be_checked, check_arc, check_dkim
from intake.email.dmarc import find_policy, meets
from intake.email.domains import aligned, domain_of, lookalike_of
from intake.email.headers import addresses, clean_address, parse_headers
from intake.email.resolver import Answers, Lookup
from intake.email.settings import SenderCheckSettings
from intake.email.spf import check_spf

log = logging.getLogger(__name__)

_THREADS = 2  # of our own: waiting for the DNS must not keep the readers waiting
_MAX_HEADER = 262_144
_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:((?>[^\n]*)(?>\n[ \t][^\n]*)*)(?:\n|\Z)")
_BY = re.compile(r"\bby\s+([^\s;()]+)", re.I)
_COMMENT = re.compile(r"\([^()]{0,500}\)")
_HELO = re.compile(r"\bhelo[= ][^\s)]*", re.I)
_FROM = re.compile(r"^\s*from\s+(\S+)(.*?)(?=\sby\s|\Z)", re.I | re.S)
_IP = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{3,45})\]|\(([0-9A-Fa-f:.]{3,45})\)")


class SenderCheck:
    """Keeps the `Authenticate` promise. One for the whole program; settings per organisation."""

    def __init__(
        self,
        settings: Mapping[str, SenderCheckSettings],
        lookup: Lookup,
        known_domains: Callable[[str], Iterable[str]],
    ) -> None:
        self._settings, self._lookup, self._known = settings, lookup, known_domains
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="sender-check")

    async def __call__(self, message: RawInbound, parsed: ParsedMessage) -> SenderEvidence:
        loop, settings = asyncio.get_running_loop(), self._of(message.organisation)
        try:
            if not (settings.own_check or settings.arc_sealers):  # only the headers are read, nobody is asked
                return self.judge(message, parsed)
            return await loop.run_in_executor(self._threads, copy_context().run, self.judge, message, parsed)
        except Exception as error:  # evidence is a help: without it the message goes on
            log.warning("sender not checked: %s", place_of(error))
            return SenderEvidence(SenderLevel.UNCHECKED)

    def judge(self, message: RawInbound, parsed: ParsedMessage) -> SenderEvidence:
        """In this thread; asks the DNS."""
        settings = self._of(message.organisation)
        domain = domain_of(parsed.from_address)
        resembled = lookalike_of(domain, self._known(message.organisation))
        fields = list(_fields(message.raw))
        if not domain:
            evidence = SenderEvidence(SenderLevel.UNCHECKED)
        elif _several_authors(message.raw):
            evidence = SenderEvidence(SenderLevel.FAILED, "own", dmarc="permerror")  # RFC 7489 6.6.1
        else:
            answers = Answers(self._lookup, seconds=settings.dns_seconds, budget=settings.budget_seconds)
            evidence = _judge(message, fields, domain, settings, answers)
        return replace(evidence, lookalike_of=resembled)

    def _of(self, organisation: str) -> SenderCheckSettings:
        return self._settings.get(organisation, SenderCheckSettings())

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


Field = tuple[str, str]


def _judge(
    message: RawInbound, fields: list[Field], domain: str, settings: SenderCheckSettings, answers: Answers
) -> SenderEvidence:
    evidence = SenderEvidence(SenderLevel.UNCHECKED)
    told = _receivers_field(fields, settings)
    if told is not None:
        evidence = _from_results(told, domain, by="receiver")
    checkable = (settings.own_check or bool(settings.arc_sealers)) and can_be_checked(message.raw)
    if evidence.level is SenderLevel.UNCHECKED and settings.own_check:
        evidence = _own_check(message, fields, domain, settings, answers, signatures=checkable)
    if evidence.level is not SenderLevel.ALIGNED and settings.arc_sealers and checkable:
        return _sealed(message.raw, domain, settings.arc_sealers, answers) or evidence
    return evidence


def _receivers_field(fields: list[Field], settings: SenderCheckSettings) -> AuthResults | None:
    """The topmost Authentication-Results under a configured name. Where the organisation has named its receiving
    hosts, nothing counts from the first Received of somebody else down: from there on a sender may have written it."""
    ids = {name.lower() for name in settings.authserv_ids}
    hosts = {host.lower().rstrip(".") for host in settings.received_by}
    if not ids:
        return None
    for name, value in fields:
        if name == "received" and hosts and _written_by(value) not in hosts:
            return None
        if name == "authentication-results":
            results = parse_auth_results(value)
            if results is not None and results.authserv_id in ids:
                return results
    return None


def _from_results(results: AuthResults, domain: str, *, by: str) -> SenderEvidence:
    spf, dkim, dmarc = results.of("spf"), results.of("dkim"), results.of("dmarc")
    met = [method for method in dmarc if domain_of("@" + method.properties.get("header.from", "")) == domain]
    verdict = met[0].result if met else ""
    near = any(_is_aligned_dkim(method, domain) for method in dkim) or any(_is_aligned_spf(m, domain) for m in spf)
    evidence = SenderEvidence(
        SenderLevel.FAILED, by, spf=spf[0].result if spf else "", dmarc=verdict,
        dkim=_best(method.result for method in dkim if method.result != "pass" or _is_aligned_dkim(method, domain))
        or _best(method.result for method in dkim),
    )  # fmt: skip
    if verdict == "pass" or (verdict != "fail" and near):
        return replace(evidence, level=SenderLevel.ALIGNED)
    tried = {method.result for method in (*spf, *dkim, *met)}
    if tried <= {"temperror"}:  # nobody has managed to look
        return replace(evidence, level=SenderLevel.UNCHECKED, by=by if tried else "")
    return evidence


def _is_aligned_dkim(method: Method, domain: str) -> bool:
    signer = method.properties.get("header.d") or method.properties.get("header.i", "").rpartition("@")[2]
    return method.result == "pass" and aligned(domain, signer)


def _is_aligned_spf(method: Method, domain: str) -> bool:
    sender = method.properties.get("smtp.mailfrom") or method.properties.get("smtp.helo", "")
    return method.result == "pass" and aligned(domain, sender.rpartition("@")[2].strip("<>"))


def _best(results: Iterable[str]) -> str:
    order = ("pass", "policy", "fail", "temperror", "permerror", "neutral", "none")
    return min(results, key=lambda result: order.index(result) if result in order else len(order), default="")


def _own_check(
    message: RawInbound, fields: list[Field], domain: str, settings: SenderCheckSettings, answers: Answers,
    *, signatures: bool,
) -> SenderEvidence:  # fmt: skip
    found: tuple[Signature, ...] = check_dkim(message.raw, answers) if signatures else ()
    passed = [signature.domain for signature in found if signature.result == "pass"]
    spf, spf_domain = _own_spf(message, fields, settings, answers)
    dkim = _best(signature.result for signature in found) or ("none" if signatures else "")
    evidence = SenderEvidence(SenderLevel.FAILED, "own", spf=spf, dkim=dkim)
    sender = spf_domain if spf == "pass" else ""
    near = any(aligned(domain, name) for name in (*passed, sender))
    try:
        policy = find_policy(domain, answers)
    except Temporary:
        return replace(evidence, level=SenderLevel.UNCHECKED, dmarc="temperror")
    if near and (policy is None or meets(policy, domain, spf_domain=sender, dkim_domains=passed)):
        return replace(evidence, level=SenderLevel.ALIGNED, dmarc="none" if policy is None else "pass")
    if not spf or not signatures or "temperror" in (spf, *(signature.result for signature in found)):
        # Half a look: what was not seen may have been in order.
        return replace(evidence, level=SenderLevel.UNCHECKED, by="own" if spf or found else "")
    return replace(evidence, dmarc="none" if policy is None else "fail")


def _own_spf(
    message: RawInbound, fields: list[Field], settings: SenderCheckSettings, answers: Answers
) -> tuple[str, str]:
    """The result and the domain it is about; ("", "") when nobody we trust knows which machine delivered."""
    peer, helo, sender = "", "", message.envelope_from
    if message.custody is Custody.HOST:
        peer, helo = message.peer_ip, message.helo
    elif settings.received_by:
        peer, helo = _delivered_by(fields, settings.received_by)
        sender = _return_path(fields) if sender is None else sender
    if not _is_outside(peer) or sender is None:
        return "", ""
    return check_spf(peer, helo, sender, answers), domain_of(sender or "@" + helo)


def _delivered_by(fields: list[Field], hosts: Collection[str]) -> tuple[str, str]:
    """The machine named in the topmost Received of one of our hosts: its address, and what it called itself."""
    named = {host.lower().rstrip(".") for host in hosts}
    for name, value in fields:
        if name == "received" and _written_by(value) in named:
            told = _FROM.match(value)
            if told is None:
                return "", ""
            # What the machine called itself may be written like an address: that is its claim, not what was seen.
            found = _IP.search(_HELO.sub("", told[2])) or _IP.search(told[1])
            return (found[1] or found[2], told[1].strip("[]")) if found else ("", "")
    return "", ""


def _return_path(fields: list[Field]) -> str | None:
    """Written on top by the server that put the mail into the mailbox; below a Received anybody may have written it."""
    for name, value in fields:
        if name == "received":
            return None
        if name == "return-path":
            return "" if "<>" in value else clean_address(value) or None
    return None


_INSIDE = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10"))
)


def _is_outside(peer: str) -> bool:
    """Mail that one of our own machines handed on says nothing about who brought it to us."""
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return not address.is_loopback and not any(address in network for network in _INSIDE)


def _sealed(raw: bytes, domain: str, sealers: Collection[str], answers: Answers) -> SenderEvidence | None:
    """What the first of only trusted forwarders found; None unless that bears the address out."""
    chain = check_arc(raw, answers)
    if chain is None or not chain.sealers <= {name.lower() for name in sealers}:
        return None
    results = parse_auth_results(chain.first_results)
    if results is None:
        return None
    evidence = _from_results(results, domain, by="arc")
    return evidence if evidence.level is SenderLevel.ALIGNED else None


def _several_authors(raw: bytes) -> bool:
    """Two addresses, or two fields: which of them a person is shown depends on the program."""
    authors = parse_headers(raw, 0, len(raw))[0].raw_all("from")
    return len(authors) > 1 or (len(authors) == 1 and len({pair[1] for pair in addresses(authors[0]) if pair[1]}) > 1)


def _written_by(received: str) -> str:
    match = _BY.search(_COMMENT.sub("", received))
    return match[1].lower().rstrip(".") if match else ""


def _fields(raw: bytes) -> Iterator[Field]:
    """The header fields from the top, names in lower case, unfolded."""
    position, end = 0, min(len(raw), _MAX_HEADER)
    while position < end:
        match = _FIELD.match(raw, position, end)
        if match is None:
            if position or not raw.startswith((b"From ", b">From ")):
                return
            position = raw.find(b"\n") + 1 or end
            continue
        position = match.end()
        text = match[2].decode("utf-8", "replace").replace("\r", "").replace("\n", "")
        yield match[1].decode("ascii").lower(), text.strip()
