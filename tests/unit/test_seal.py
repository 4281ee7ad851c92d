"""Sealing without a database: what was sealed opens with the same key and context, and with nothing else."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from cases.errors import ConfigError, RuleError
from storage.keys import load_root_key
from storage.seal import Sealer, blind, code_digest, new_key, same

COUNTED = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"  # bytes 0 to 31, without the last "="
SEALER = Sealer(bytes(range(32)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.binary(), st.text())
def test_what_was_sealed_opens(plain: bytes, context: str) -> None:
    context = context.encode("utf-8", "ignore").decode()
    sealed = SEALER.seal(plain, context)
    assert SEALER.open(sealed, context) == plain
    assert len(sealed) == 12 + len(plain) + 16


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_comes_back_whole(text: str) -> None:
    assert SEALER.open_text(SEALER.seal_text(text, "c"), "c") == text


@given(JSON)
def test_json_comes_back_whole(value: Any) -> None:
    assert SEALER.open_json(SEALER.seal_json(value, "c"), "c") == value


@pytest.mark.parametrize(("odd", "kept"), [("a\x00b", "a\x00b"), ("a\ud800b", "a?b"), ("\udfff", "?"), ("😀", "😀")])
def test_nul_and_lone_surrogates_do_no_harm(odd: str, kept: str) -> None:
    """A lone surrogate comes out of broken mail; it has no UTF-8."""
    assert SEALER.open_text(SEALER.seal_text(odd, "c"), "c") == kept
    assert SEALER.open_json(SEALER.seal_json({"subject": odd, odd: 1}, "c"), "c") == {"subject": kept, kept: 1}


@pytest.mark.parametrize("context", ["message.content:2", "message.text:1", "message.content:1 ", ""])
def test_another_row_or_column_does_not_open_it(context: str) -> None:
    sealed = SEALER.seal(b"Anna", "message.content:1")
    with pytest.raises(RuleError) as caught:
        SEALER.open(sealed, context)
    assert "Anna" not in str(caught.value)
    assert ":1" not in str(caught.value)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(RuleError):
        Sealer(new_key()).open(SEALER.seal(b"Anna", "c"), "c")


@given(st.binary(max_size=40), st.data())
def test_a_changed_bit_or_a_cut_end_does_not_open(plain: bytes, data: st.DataObject) -> None:
    sealed = SEALER.seal(plain, "c")
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(RuleError):
        SEALER.open(bytes(changed), "c")
    with pytest.raises(RuleError):
        SEALER.open(sealed[: data.draw(st.integers(0, len(sealed) - 1))], "c")


def test_the_same_words_are_sealed_differently_each_time() -> None:
    assert len({SEALER.seal(b"Anna", "c") for _ in range(100)}) == 100


def test_it_is_plain_aes_gcm() -> None:
    """Another program with the key can read it: nonce, ciphertext and tag, the context as associated data."""
    sealed = SEALER.seal(b"Anna", "case.requester:1")
    assert AESGCM(bytes(range(32))).decrypt(sealed[:12], sealed[12:], b"case.requester:1") == b"Anna"


def test_blind_index_is_a_keyed_digest_that_keeps_kinds_apart() -> None:
    key = bytes(32)
    expected = hmac.new(key, b"email\x00anna@klant.example", hashlib.sha256).hexdigest()
    assert blind(key, "email", "anna@klant.example") == expected
    others = {
        blind(key, "domain", "anna@klant.example"), blind(new_key(), "email", "anna@klant.example"),
        blind(key, "email", "anna@klant.exampl"), code_digest(key, "email", "anna@klant.example"),
    }  # fmt: skip
    assert expected not in others
    assert len(others) == 4


def test_a_code_is_bound_to_its_scope() -> None:
    digest = code_digest(bytes(32), "conversation-1", "123456")
    assert same(digest, code_digest(bytes(32), "conversation-1", "123456"))
    assert not same(digest, code_digest(bytes(32), "conversation-2", "123456"))
    assert not same(digest, code_digest(bytes(32), "conversation-1", "123457"))


def test_the_root_key_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "root.key"
    first = load_root_key(path)
    assert load_root_key(path) == first
    assert len(first) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_root_key(tmp_path / "other.key") != first


def test_the_root_key_from_the_environment_makes_no_file(tmp_path: Path) -> None:
    assert load_root_key(tmp_path / "root.key", value=f"{COUNTED}=\n") == bytes(range(32))
    assert not (tmp_path / "root.key").exists()


@pytest.mark.parametrize("value", ["geen base64!", "AAAA", COUNTED])
def test_a_wrong_root_key_stops_the_start_without_being_shown(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError, match="32 bytes") as caught:
        load_root_key(tmp_path / "root.key", value=value)
    assert value not in str(caught.value)
