"""axe-core (Deque) on a page as it stands, open shadow roots included: every rule for WCAG 2.2 A and AA, and advice."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.async_api import Page

RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .flatMap((found) => found.nodes.map((node) => [found.id, found.impact, node.target.join(" "), node.failureSummary]))
  .map((found) => found.join(" | "))"""


@cache
def _script() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


async def findings(page: Page) -> list[str]:
    """What axe finds wrong, a line each."""
    await page.evaluate(_script())
    found: Any = await page.evaluate(RUN)
    return [str(line) for line in found]
