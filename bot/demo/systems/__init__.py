"""The systems of the five sample organisations: each its own tables, names and habits.

Every module has DATABASES (file stem -> schema), PRODUCTS (description, cents), PREFIX (of invoice numbers) and
`rows(customers, invoices, rng, today)`: file stem -> table -> rows in the order of its columns.
"""

from __future__ import annotations

from typing import Any

Tables = dict[str, list[tuple[Any, ...]]]
Rows = dict[str, Tables]
