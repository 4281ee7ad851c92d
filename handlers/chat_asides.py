"""What a bot says outside any conversation: to somebody who writes too fast, to a group that it leaves."""

from __future__ import annotations

from handlers.wording import Texts


def too_fast(texts: Texts) -> str:
    """What came too fast was not read: the person must hear that."""
    return texts.say("chat.too_fast")


def no_groups(texts: Texts) -> str:
    return texts.say("chat.no_groups")
