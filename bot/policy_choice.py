"""The policy and sentences that a command is about: of the configuration where there is one, else as shipped.

So `check`, `letters` and `avg` are of use on the first day, before there is a mailbox or a `config.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.config import DEFAULT_FILE, load, read_texts
from cases.errors import InputError
from cases.policy import Policy, load_policy
from cases.types import Form
from handlers.wording import Texts, load_all

SHIPPED = Path(__file__).parent.parent / "policies"


@dataclass(frozen=True, slots=True)
class Chosen:
    policy: Policy
    texts: Mapping[Form, Texts]


def shipped() -> tuple[str, ...]:
    """Keys of the policies that come with the program."""
    return tuple(sorted(file.stem for file in SHIPPED.glob("*.toml")))


def chosen(key: str, config: Path | None) -> Chosen:
    """InputError `no_such_organisation` for a key that neither knows."""
    if config is not None or DEFAULT_FILE.exists():
        found = {one.key: one for one in load(config or DEFAULT_FILE).organisations}
        if key not in found:
            raise InputError("no_such_organisation", f"geen organisatie '{key}'; er zijn: {', '.join(found)}")
        policy, files = found[key].policy, found[key].texts
    else:
        if key not in shipped():
            raise InputError("no_such_organisation", f"geen beleid '{key}'; er zijn: {', '.join(shipped())}")
        file = SHIPPED / f"{key}.toml"
        policy = load_policy(file.read_text(encoding="utf-8"), file=str(file))
        files = read_texts(SHIPPED / key / "texts")
    return Chosen(policy, load_all(policy.form, files))
