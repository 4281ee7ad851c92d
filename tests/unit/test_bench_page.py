"""One part of the benchmark that runs alone leaves the other part of the page as it stood."""

from __future__ import annotations

from bench.imap_report import HEADING
from bench.report import joined

SMTP, IMAP = "# What a mail costs\n\nold\n", f"{HEADING}\n\nold\n"


def test_each_part_is_replaced_alone() -> None:
    page = joined("", SMTP, IMAP)
    assert joined(page, None, None) == page == f"{SMTP}\n{IMAP}"
    assert joined(page, "# new\n", None) == f"# new\n\n{IMAP}"
    assert joined(page, None, f"{HEADING}\n\nnew\n") == f"{SMTP}\n{HEADING}\n\nnew\n"


def test_a_page_without_the_other_part() -> None:
    assert joined(SMTP, None, IMAP) == f"{SMTP}\n{IMAP}"
    assert joined("", SMTP, None) == SMTP
    assert joined("", None, IMAP) == IMAP
