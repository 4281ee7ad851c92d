"""The web chat's table: which pages, whose signature. A mistake stops the start, with its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat_config import WebChatSection, web_chat_settings
from cases.errors import ConfigError
from cases.strict_toml import Document
from web.chat.settings import Algorithm, WebChatSettings

SECRET = "een-gedeeld-geheim-van-genoeg-tekens!"


def settings(text: str) -> WebChatSettings | None:
    document = Document(text, file="config.toml")
    return web_chat_settings(document, "", "whatnext", document.build(WebChatSection), Path())


def test_no_table_is_off() -> None:
    assert web_chat_settings(Document("", file="config.toml"), "", "whatnext", None, Path()) is None


def test_pages_and_account() -> None:
    made = settings('origins = ["https://WWW.whatnext.example", "http://127.0.0.1:8000"]')
    assert made is not None
    assert made.origins == ("https://www.whatnext.example", "http://127.0.0.1:8000")
    assert made.account == "web:whatnext"


@pytest.mark.parametrize(
    "origin",
    [
        "www.whatnext.example", "http://www.whatnext.example", "https://whatnext.example/contact", "*", "https://",
        "null",
    ],
)  # fmt: skip
def test_an_origin_is_a_whole_one(origin: str) -> None:
    with pytest.raises(ConfigError):
        settings(f'origins = ["{origin}"]')


def test_a_portal_has_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_KEY", SECRET)
    made = settings('[portal]\nissuer = "portaal"\nkey_env = "PORTAL_KEY"')
    assert made is not None and made.portal is not None
    assert (made.portal.algorithm, made.portal.key, dict(made.portal.claims)) == (
        Algorithm.HS256, SECRET, {"email": "email"},
    )  # fmt: skip
    assert SECRET not in repr(made)


@pytest.mark.parametrize(
    "wrong",
    [
        'key_env = "PORTAL_KEY"\nalgorithm = "none"', 'key_env = "SHORT_KEY"', 'key_env = "NO_SUCH_KEY"', "",
        'key_env = "PORTAL_KEY"\nclaims = {bsn = "bsn"}',
    ],
)  # fmt: skip
def test_a_portal_that_is_not_safe_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("PORTAL_KEY", SECRET)
    monkeypatch.setenv("SHORT_KEY", "kort")
    with pytest.raises(ConfigError):
        settings(f'[portal]\nissuer = "portaal"\n{wrong}')
