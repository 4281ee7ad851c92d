"""The pages under `docs/` that are made from policies: `docs/rights.md` and the example papers in `docs/avg/`.

`python -m bot.demo.papers` writes them anew after a change; a test compares them. The example is an organisation of the
demo, with invented contact data.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.avg_documents import avg_documents
from bot.demo.customers import ORGANISATIONS
from bot.policy_choice import SHIPPED
from bot.rights_page import rights_page
from cases.policy import Policy, load_policy, with_contact

EXAMPLE = "whatnext"
DOCS = Path(__file__).parent.parent.parent / "docs"


def papers() -> Mapping[Path, str]:
    """File → content."""
    policies = [_policy(key) for key in ORGANISATIONS]
    example = with_contact(
        _policy(EXAMPLE), email=f"info@{EXAMPLE}.example", address=("Voorbeeldstraat 1", "1234 AB Voorbeeldstad"),
        phone="", website="",
    )  # fmt: skip
    made = {DOCS / "avg" / name: text for name, text in avg_documents(example).items()}
    return {DOCS / "rights.md": rights_page(policies), **made}


def _policy(key: str) -> Policy:
    file = SHIPPED / f"{key}.toml"
    return load_policy(file.read_text(encoding="utf-8"), file=file.name)


if __name__ == "__main__":
    for path, text in papers().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
