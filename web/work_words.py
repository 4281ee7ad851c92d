"""Dutch words for the lines of the work list, and where each leads (`cases.types.WorkKind`)."""

from __future__ import annotations

from collections.abc import Mapping

WORK: Mapping[str, str] = {
    "triage": "Beoordelen: is dit een verzoek?",
    "quarantine": "Onleesbaar bericht",
    "approve": "Brief goedkeuren",
    "second_approval": "Tweede persoon nodig",
    "human_wanted": "Wil een medewerker",
    "identity_stuck": "Identiteit lukt niet",
    "source_failed": "Systeem gaf geen antwoord",
    "handle": "Zelf behandelen",
    "deadline": "Termijn",
    "not_delivered": "Niet bezorgd",
    "send_uncertain": "Onzeker of het is verzonden",
    "channel_down": "Kanaal ligt uit",
    "other_mail": "Overige post",
    "new_message": "Nieuw bericht",
    "mail_held": "Automatische post tegengehouden",
    "release": "Bericht vrijgeven",
    "backlog": "Ouder bericht: loopt hier een verzoek?",
    "colleague_answer": "Een collega schreef: is dit het antwoord?",
    "spam_listed": "Op de spamlijst, maar vraagt iets",
    "spam": "Van een afzender op de spamlijst",
    "action_failed": "Een wijziging is niet gelukt",
    "task": "Taak: opzoeken of wijzigen",
    "kept_ended": "Termijn verlopen: alsnog wissen",
    "kept_review": "Bewaren we dit nog?",
    "erase_again": "Na het terugzetten: zelf opnieuw wissen",
    "returned": "Gewist of afgemeld, en weer toegevoegd",
    "recipient": "Ontvanger inlichten (artikel 19)",
    "restriction": "Beperking opnieuw bekijken",
    "breach": "Datalek: 72 uur",
    "evidence": "Bewijs bekijken en wissen",
    "late": "Te laat: excuses sturen",
}
WORK_SHORT: Mapping[str, str] = {
    "triage": "Beoordelen",
    "quarantine": "Onleesbaar",
    "approve": "Goedkeuren",
    "second_approval": "Tweede persoon",
    "human_wanted": "Wil medewerker",
    "identity_stuck": "Identiteit",
    "source_failed": "Systeem mislukt",
    "handle": "Zelf behandelen",
    "deadline": "Termijn",
    "not_delivered": "Niet bezorgd",
    "send_uncertain": "Onzeker verzonden",
    "channel_down": "Kanaal uit",
    "other_mail": "Overige post",
    "new_message": "Nieuw bericht",
    "mail_held": "Tegengehouden",
    "release": "Vrijgeven",
    "backlog": "Ouder bericht",
    "colleague_answer": "Antwoord collega?",
    "spam_listed": "Spamlijst",
    "action_failed": "Wijziging mislukt",
    "task": "Taak",
    "kept_ended": "Alsnog wissen",
    "kept_review": "Bewaren?",
    "erase_again": "Opnieuw wissen",
    "returned": "Weer toegevoegd",
    "recipient": "Ontvanger",
    "restriction": "Beperking",
    "breach": "Datalek",
    "evidence": "Bewijs",
    "late": "Te laat",
}
# Lines about no case that runs: where somebody goes on with them.
PAGES: Mapping[str, str] = {
    "kept_ended": "/bureau/bewaard",
    "kept_review": "/bureau/bewaard",
    "erase_again": "/bureau/bewaard",
    "returned": "/bureau/niet-benaderen",
    "breach": "/bureau/datalekken",
}
# Lines that somebody closes by hand once it is handled; the others close when the matter is done.
CLOSABLE = frozenset(
    {
        "human_wanted", "identity_stuck", "handle", "deadline", "not_delivered", "send_uncertain", "channel_down",
        "other_mail", "new_message", "source_failed", "mail_held", "quarantine",
    }
)  # fmt: skip
URGENT_WORK = frozenset(
    {
        "action_failed", "breach", "late", "source_failed", "not_delivered", "send_uncertain", "channel_down",
        "quarantine",
    }
)  # fmt: skip
