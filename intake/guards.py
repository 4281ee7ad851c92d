"""Is this a machine, and may we answer? Pure decisions over header fields and counters.

Machine mail is never answered and never thrown away: people's requests arrive through web forms and privacy services
with bulk headers. Headers alone stop no loop, so counters are the second wall. RFC 3834, 3464, 5965, 8098.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cases.types import MachineKind
from intake.email.headers import Headers

LOOP_HEADER = "X-Privacyloket-Loop"

_AUTO_SUBJECT = re.compile(
    r"""^\s*(?:
        automatisch(?:e)?[\s-](?:antwoord|reactie|beantwoord\w*|bericht|ontvangstbevestiging)\b
        |auto(?:matic)?[\s:-]*(?:reply|response|antwort)\b | automatische\santwort\b | autoreply\b | autoresponder\b
        |(?:i'?m\s|i\sam\s)?(?:currently\s)?out\sof\s(?:the\s)?office\b | ooo\b\s*[:-]
        |afwezig(?:heid(?:sbericht|sassistent|smelding)?)?\b
        |(?:ik\sben\s|wij\szijn\s)?(?:momenteel\s|tijdelijk\s|even\s)?(?:niet\saanwezig|afwezig|niet\sop\skantoor|met\s(?:vakantie|verlof|zwangerschapsverlof))\b
        |vakantie(?:melding|bericht)\b | abwesenheit\w*\b | absence\sdu\sbureau\b
        |niet\saanwezig\b
    )""",
    re.I | re.X,
)
_BOUNCE_SUBJECT = re.compile(
    r"""undeliver(?:ed|able)|delivery\sstatus\snotification|mail\sdelivery\s(?:failed|subsystem|failure)|returned\smail
    |delivery\s(?:failure|has\sfailed|delayed)|failure\snotice|niet\s(?:bezorgd|bezorgbaar|afgeleverd)|onbestelbaar|kan\sniet\sworden\sbezorgd""",
    re.I | re.X,
)
_DAEMON = re.compile(r"^(?:mailer-?daemon|mail-?daemon|mda-?daemon|postmaster)(?:[+.-][^@]*)?@", re.I)
_NO_REPLY = re.compile(
    r"""^(?:[^@]*[._+-])?(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|geen[-_.]?(?:antwoord|reactie)|niet[-_.]?beantwoorden)
        (?:[\d._+-][^@]*)?@
    |^(?:abuse|root|bounces?)(?:[+.-][^@]*)?@""",
    re.I | re.X,
)
_AUTO_FIELDS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-mail-autoreply", "x-fc-machinegenerated", "x-auto-reply-from",
)  # fmt: skip
_ALL = ("all", "autoreply", "oof")


@dataclass(frozen=True, slots=True)
class Verdict:
    machine: MachineKind | None
    suppressed: bool  # no automatic answer, whoever wrote


def judge(
    headers: Headers,
    media: tuple[str, Mapping[str, str]],
    *,
    from_address: str,
    envelope_from: str | None,
    subject: str,
    instance: str = "",
) -> Verdict:
    """Who wrote this: a person (machine is None) or what kind of machine. `instance` "" takes any loop mark as ours."""
    loop = headers.raw(LOOP_HEADER.lower())
    own = bool(loop) and instance in ("", loop)
    machine = MachineKind.OWN if own else _kind(headers, media, from_address, envelope_from, subject)
    asked = {word.strip().lower() for word in headers.raw("x-auto-response-suppress").split(",")}
    silent = (
        machine is not None
        or bool(loop)
        or not from_address
        or any(word in asked for word in _ALL)
        or headers.raw("x-ack").lower() == "no"
        or _NO_REPLY.search(from_address) is not None
        or _DAEMON.match(from_address) is not None
    )
    return Verdict(machine, silent)


def _kind(
    headers: Headers, media: tuple[str, Mapping[str, str]], from_address: str, envelope_from: str | None, subject: str
) -> MachineKind | None:
    report = _report(headers, media, subject)
    if report is not None:
        return report
    null_path = envelope_from == "" or headers.raw("return-path") == "<>"
    if "x-failed-recipients" in headers or from_address.startswith("mailer-daemon"):
        return MachineKind.BOUNCE
    signs = (null_path, _DAEMON.match(from_address) is not None, _BOUNCE_SUBJECT.search(subject) is not None)
    if sum(signs) >= 2:  # a person may write about a bounce, an absence notice has a null path too
        return MachineKind.BOUNCE
    submitted = headers.raw("auto-submitted").split(";")[0].split("(")[0].strip().lower()
    if submitted.startswith("auto-replied") or _AUTO_SUBJECT.match(subject) or _auto_field(headers) or null_path:
        return MachineKind.AUTO_REPLY
    return _list_or_generated(headers, submitted)


def _report(headers: Headers, media: tuple[str, Mapping[str, str]], subject: str) -> MachineKind | None:
    media_type, params = media
    if media_type != "multipart/report":
        return MachineKind.REPORT if subject.lower().startswith("report domain:") else None
    kind = params.get("report-type", "").lower()
    if kind == "disposition-notification":
        return MachineKind.RECEIPT
    return MachineKind.REPORT if kind in ("feedback-report", "tlsrpt", "abuse-report") else MachineKind.BOUNCE


def _auto_field(headers: Headers) -> bool:
    precedence = {headers.raw("precedence").lower(), headers.raw("x-precedence").lower()}
    return (
        any(name in headers and headers.raw(name).lower() not in ("no", "false", "0") for name in _AUTO_FIELDS)
        or bool(precedence & {"auto_reply", "auto-reply"})
        or "x-ms-exchange-inbox-rules-loop" in headers
        or "autoresponder" in {value.lower() for value in headers.raw_all("delivered-to")}
        or "x-loop" in headers
    )


def _list_or_generated(headers: Headers, submitted: str) -> MachineKind | None:
    precedence = {headers.raw("precedence").lower(), headers.raw("x-precedence").lower()}
    if "list-id" in headers or "list-unsubscribe" in headers or precedence & {"bulk", "junk", "list"}:
        return MachineKind.LIST
    return MachineKind.REPORT if submitted not in ("", "no") else None  # auto-generated: a form, a monitor
