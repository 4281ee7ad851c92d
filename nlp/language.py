"""Which language a message is in, and which form of address its sender uses.

Counts common little words. Dutch is expected (the mailboxes are Dutch): another language must clearly win, and under
four words nothing is said ("stop" is Dutch and English).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cases.types import Form

_COMMON = {
    "nl": """
        de het een en ik je jij u uw jullie van voor met niet dat die dit is zijn heb hebben heeft wil graag
        mijn om op te aan bij naar nog ook maar als wat hoe kunt kan geen wordt worden ben deze er uit over
        hun wij ons onze dan of al
    """,
    "en": """
        the a an and i you your of for with not that this is are have has want would please my to on at from
        still also but if what how can could no be been was were it in or by their we our us me am will do
        don't any about
    """,
    "de": """
        der die das ein eine und ich sie ihr ihre von fur mit nicht dass dies ist sind habe haben hat mochte
        bitte mein meine um auf zu an bei nach noch auch aber wenn was wie konnen kann kein keine werden wir
        uns unsere oder aus uber
    """,
    "fr": """
        le la les un une et je vous votre vos de du des pour avec ne pas que ce cette est sont ai avez
        voudrais mon ma mes en sur au aux chez encore aussi mais si quoi comment pouvez peut nous notre ou par
        plus dans
    """,
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_PRIOR = {"nl": 1.5, "en": 0.0, "de": 0.0, "fr": 0.0}  # in words
_SHORTEST = 4
_READ = 250  # words are enough to tell
_FAMILIAR = frozenset({"je", "jij", "jou", "jouw", "jullie", "hoi", "hey", "hee", "jullie's"})
_FORMAL = frozenset({"u", "uw", "uzelf", "geachte"})


def language_of(words: Sequence[str]) -> str:
    """ "nl", "en", "de" or "fr"; "" when there are too few words to say."""
    read = words[:_READ]
    if len(read) < _SHORTEST:
        return ""
    points = {
        language: _PRIOR[language] + len([word for word in read if word in common])
        for language, common in _WORDS.items()
    }
    return max(points, key=lambda language: points[language])


def form_of(words: Sequence[str], language: str) -> Form | None:
    """The form the sender uses; "jullie" is a weak sign, many write it beside "u"."""
    if language not in ("nl", ""):
        return Form.EN
    seen = Counter(word for word in words[:_READ] if word in _FAMILIAR or word in _FORMAL)
    formal = sum(count for word, count in seen.items() if word in _FORMAL)
    familiar = sum(count * (0.5 if word == "jullie" else 1.0) for word, count in seen.items() if word in _FAMILIAR)
    if not formal and not familiar:
        return None
    return Form.NL_U if formal >= familiar else Form.NL_JE
