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
    r"""^\s*\[?(?:
        auto(?:m|matisch)?e?\.?[\s-](?:antwoord|reactie|beantwoord\w*|bericht|ontvangstbevestiging)\b
        |auto(?:matic)?[\s:-]*(?:reply|response|antwort)\b | automatische\santwort\b | autoreply\b
        |auto(?:matic\s)?responder\b
        |automated\s(?:reply|response)\b | réponse\sautomatique\b | respuesta\sautom | vacation\s(?:reply|response)\b
    )""",
    re.I | re.X,
)
_ABSENT_SUBJECT = re.compile(
    r"""^\s*\[?(?:
        (?:i'?m\s|i\sam\s)?(?:currently\s)?(?:out\sof\s(?:the\s)?office|on\s(?:vacation|annual\sleave|parental\sleave))\b
        |ooo\b\s*[:-]
        |afwezig(?:heid(?:sbericht|sassistent|smelding)?)?\b
        |(?:ik\sben\s|wij\szijn\s)?(?:momenteel\s|tijdelijk\s|even\s)?(?:niet\saanwezig|afwezig|niet\sop\skantoor|buiten\skantoor
            |met\s(?:vakantie|verlof|zwangerschapsverlof))\b
        |vakantie(?:melding|bericht)\b | (?:kantoor\s)?(?:wegens\svakantie\sgesloten|gesloten\swegens\svakantie)\b
        |abwesenheit\w*\b | ich\sbin\s(?:nicht\sim\sbüro|im\surlaub)\b | absence\sdu\sbureau\b
        |(?:je\ssuis\s)?absente?\s(?:du\sbureau|jusqu)
        |message\sd['’]absence\b | niet\saanwezig\b
    )""",
    re.I | re.X,
)
_BOUNCE_SUBJECT = re.compile(
    r"""undeliver(?:ed|able)|delivery\sstatus\snotification|mail\sdelivery\s(?:failed|subsystem|failure|error)|returned\s(?:e?mail|to\ssender)
    |delivery\s(?:failure|has\sfailed|delayed|problem)|failure\snotice|niet\s(?:bezorgd|bezorgbaar|afgeleverd|besteld)|onbestelbaar
    |kan\sniet\sworden\sbezorgd|bezorging\s(?:is\s)?(?:mislukt|vertraagd)|unzustellbar|nicht\szugestellt|rückläufer
    |non\s(?:remis|distribu)|échec\sde\s(?:la\s)?remise|message\s(?:\S{1,40}\s)?delayed\s\d|could\snot\ssend\smessage|message\sblocked""",
    re.I | re.X,
)
_READ_SUBJECT = re.compile(
    r"^\s*(?:gelezen|niet\sgelezen|read|not\sread|gelesen|ungelesen|lu|non\slu|leesbevestiging)\s?:", re.I
)
_DMARC_SUBJECT = re.compile(
    r"^\s*(?:\[[^\]]{1,30}\]\s*)?(?:report\sdomain:|dmarc\s(?:aggregate\s)?report\b|aggregate\sdmarc\b)", re.I
)
_CHALLENGE = re.compile(
    r"verify\#[\w-]{6,}|(?:please|gelieve)\s(?:confirm|verify|uw)\s.{0,30}(?:message|e-?mail|bericht)\s.{0,20}(?:delivery|bezorg|verif)|"
    r"requires\s(?:sender\s)?(?:verification|confirmation)",
    re.I,
)
_DAEMON = re.compile(
    r"^(?:mailer-?daemon|mail-?daemon|mda-?daemon|postmaster|microsoftexchange[0-9a-f]{20,40})(?:[+.-][^@]*)?@", re.I
)
_NO_REPLY = re.compile(
    r"""^(?:[^@]*[._+-])?(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|geen[-_.]?(?:antwoord|reactie)|niet[-_.]?beantwoorden)
        (?:[\d._+-][^@]*)?@
    |^(?:abuse|root|bounces?)(?:[+.-][^@]*)?@""",
    re.I | re.X,
)
_AUTO_FIELDS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-mail-autoreply", "x-fc-machinegenerated", "x-auto-reply-from",
    "x-autoreply-from", "x-vacation", "x-loop", "x-rt-loop-prevention", "x-otrs-loop", "x-zammad-loop",
    "x-tmda-fingerprint",
    "x-spamarrest-noloop", "x-boxtrapper", "x-ms-exchange-inbox-rules-loop",
)  # fmt: skip
_ABSENT_FIELDS = ("x-vacation", "x-ms-exchange-inbox-rules-loop")
_REPORT_FIELDS = ("tls-report-domain", "x-hmxmroriginalrecipient", "x-cron-env", "x-amavis-alert", "x-jira-fingerprint")
_LIST_FIELDS = (
    "list-id", "list-unsubscribe", "list-post", "list-help", "mailing-list", "x-mailing-list", "x-beenthere",
    "x-mailman-version",
    "x-list-id", "x-google-group-id", "x-mc-user", "x-campaignid", "x-csa-complaints",
)  # fmt: skip
_NULL_PATH = re.compile(r"\s*<\s*>\s*$")
_ABSENT_INSIDE = re.compile(
    r"\bout of (?:the )?office\b|\bafwezigheid|\bvakantie\b|\bvacation\b|\babwesenheit|\babsence\b", re.I
)
_ALL = ("all", "autoreply", "oof")


@dataclass(frozen=True, slots=True)
class Verdict:
    machine: MachineKind | None
    suppressed: bool  # no automatic answer, whoever wrote
    absent: bool = False  # a notice of absence: it touches no clock and no approval


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
    return Verdict(machine, silent, machine is MachineKind.AUTO_REPLY and _is_absent(headers, subject))


def _kind(
    headers: Headers, media: tuple[str, Mapping[str, str]], from_address: str, envelope_from: str | None, subject: str
) -> MachineKind | None:
    report = _report(headers, media, subject)
    if report is not None:
        return report
    null_path = envelope_from == "" or _NULL_PATH.match(headers.raw("return-path")) is not None
    if "x-failed-recipients" in headers or from_address.startswith("mailer-daemon"):
        return MachineKind.BOUNCE
    signs = (null_path, _DAEMON.match(from_address) is not None, _BOUNCE_SUBJECT.search(subject) is not None)
    if sum(signs) >= 2:  # a person may write about a bounce, an absence notice has a null path too
        return MachineKind.BOUNCE
    submitted = _submitted(headers)
    if _READ_SUBJECT.match(subject) and (null_path or submitted):
        return MachineKind.RECEIPT
    said = _AUTO_SUBJECT.match(subject) or _ABSENT_SUBJECT.match(subject) or _CHALLENGE.search(subject)
    if submitted.startswith("auto-replied") or said or _auto_field(headers) or null_path:
        return MachineKind.AUTO_REPLY
    return _list_or_generated(headers, submitted)


def _submitted(headers: Headers) -> str:
    """RFC 3834: "" for a person. Parameters and comments may follow the word."""
    value = headers.raw("auto-submitted").split(";")[0].split("(")[0].strip().lower()
    return "" if value == "no" else value


def _is_absent(headers: Headers, subject: str) -> bool:
    told = f"{headers.raw('auto-submitted')} {headers.raw('x-autogenerated')} {headers.raw('x-autorespond')}".lower()
    return (
        _ABSENT_SUBJECT.match(subject) is not None
        or any(name in headers for name in _ABSENT_FIELDS)
        or any(word in told for word in ("vacation", "owner-email=", "vakantie", "absence"))
        or _ABSENT_INSIDE.search(subject) is not None
    )


def _report(headers: Headers, media: tuple[str, Mapping[str, str]], subject: str) -> MachineKind | None:
    media_type, params = media
    if media_type != "multipart/report":
        told = _DMARC_SUBJECT.match(subject) is not None or any(name in headers for name in _REPORT_FIELDS)
        return MachineKind.REPORT if told else None
    kind = params.get("report-type", "").lower()
    if kind in ("disposition-notification", "disposition-notification-report"):
        return MachineKind.RECEIPT
    return MachineKind.REPORT if kind in ("feedback-report", "tlsrpt", "abuse-report") else MachineKind.BOUNCE


def _auto_field(headers: Headers) -> bool:
    return (
        any(name in headers and headers.raw(name).lower() not in ("no", "false", "0") for name in _AUTO_FIELDS)
        or not _precedence(headers).isdisjoint(("auto_reply", "auto-reply", "autoreply"))
        or headers.raw("x-autogenerated").lower() in ("reply", "vacation", "auto")
        or any(value.lower().startswith("autoresponder") for value in headers.raw_all("delivered-to"))
        or "autoresponder" in headers.raw("x-post-messageclass").lower()
    )


def _precedence(headers: Headers) -> set[str]:
    return {headers.raw(name).split("(")[0].strip().lower() for name in ("precedence", "x-precedence")}


def _list_or_generated(headers: Headers, submitted: str) -> MachineKind | None:
    if any(name in headers for name in _LIST_FIELDS) or _precedence(headers) & {"bulk", "junk", "list"}:
        return MachineKind.LIST
    return MachineKind.REPORT if submitted else None  # auto-generated: a form, a monitor
