"""What is doubtful about a policy: for `check`, for staff, and for the words of every letter.

Loading (`policy`) refuses what can not be used; here stands what can be used and still should be put right: missing
contact data, recipients without a name, sentences in the wrong form, words that may never be said, and the rows where
the statement and the law differ (art. 12-15 and 24 AVG). Nothing here decides a case.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from cases.policy import IdCopy, Policy, RetentionSource, contact_problems, sentences
from cases.types import Form

_WRONG_FORM = {
    Form.NL_JE: re.compile(r"\b(?:u|uw|uzelf)\b", re.IGNORECASE),
    Form.NL_U: re.compile(r"\b(?:je|jij|jou|jouw|jullie|jezelf)\b", re.IGNORECASE),
}


def problems(policy: Policy) -> list[str]:
    """What somebody of the organisation has to put right, in plain Dutch, with the dotted key first."""
    return [
        *contact_problems(policy),
        *_recipient_problems(policy),
        *_identity_problems(policy),
        *_decision_problems(policy),
        *_wording_problems(policy),
    ]


def never_said(policy: Policy, text: str) -> tuple[str, ...]:
    """The words in `text` that this organisation may never say, whatever their capitals or line breaks."""
    plain = " ".join(text.casefold().split())
    return tuple(word for word in policy.never_say if " ".join(word.casefold().split()) in plain)


def wrong_form(form: Form, text: str) -> bool:
    """A text that says "u" where the house says "je", or the other way round."""
    pattern = _WRONG_FORM.get(form)
    return bool(pattern and pattern.search(text))


def statement_changed(policy: Policy, content: bytes) -> bool:
    """Whether the privacy statement is no longer the one this policy was made from."""
    return hashlib.sha256(content).hexdigest() != policy.statement.sha256


def difference_report(policy: Policy) -> str:
    """Statement against law, row by row, for the people of the organisation."""
    head = f"{policy.name}: {policy.statement.title} ({policy.statement.date})\n{len(policy.differences)} verschillen\n"
    rows = (
        f"\n{number}. {row.key}\n"
        f"   Uw verklaring zegt: {row.says}\n"
        f"   De wet zegt:        {row.law}\n"
        f"   Dit loket doet:     {row.does}\n"
        f"   Voorgestelde zin:   {row.proposed}\n"
        for number, row in enumerate(policy.differences, 1)
    )
    return head + "".join(rows)


def _recipient_problems(policy: Policy) -> Iterator[str]:
    for number, recipient in enumerate(policy.recipients, 1):
        where = f"recipients[{number}] ({recipient.key})"
        if not recipient.named:
            yield f"{where}: de echte naam ontbreekt; een inzageverzoek vraagt daarom (artikel 15 lid 1 onder c AVG)"
        if not recipient.country:
            yield f"{where}: het land ontbreekt; zonder land is niet te zien of er doorgifte is (artikel 15 lid 2 AVG)"


def _identity_problems(policy: Policy) -> Iterator[str]:
    if policy.identity.id_copy_in_statement:
        step = "nooit" if policy.identity.id_copy is IdCopy.OFF else "alleen na een vastgelegde twijfel"
        yield (
            "identity.id_copy_in_statement: de verklaring vraagt standaard een kopie van een identiteitsbewijs; "
            f"dat botst met artikel 12 lid 2 AVG. Dit loket vraagt zo'n kopie {step}."
        )


def _decision_problems(policy: Policy) -> Iterator[str]:
    if policy.automated_decisions.used and not policy.automated_decisions.logic:
        yield (
            "automated_decisions.logic: er beslist een computer mee, maar niet hoe en met welk gevolg; artikel 15 "
            "lid 1 onder h AVG vraagt dat"
        )


def _wording_problems(policy: Policy) -> Iterator[str]:
    proposed = ((f"differences[{number}].proposed", row.proposed) for number, row in enumerate(policy.differences, 1))
    for key, text in (*sentences(policy), *proposed):
        for word in never_said(policy, text):
            yield f"{key}: hier staat '{word}', en dat mag nooit gezegd worden"
        if wrong_form(policy.form, text):
            yield f"{key}: deze tekst heeft de verkeerde aanspreekvorm"
    for number, rule in enumerate(policy.retention, 1):
        if rule.source is not RetentionSource.LAW and "wettelijk" in rule.text.casefold():
            yield f"retention[{number}].text: hier staat 'wettelijk', maar er is geen wet genoemd"
