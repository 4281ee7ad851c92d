"""Dutch holidays by our own table: published Easter dates and the fixed days of Atw art. 3.

An oracle for `cases/calendar` and `cases/deadlines`; it shares nothing with them.
"""

from __future__ import annotations

from datetime import date, timedelta

EASTER = {
    2023: date(2023, 4, 9),
    2024: date(2024, 3, 31),
    2025: date(2025, 4, 20),
    2026: date(2026, 4, 5),
    2027: date(2027, 3, 28),
    2028: date(2028, 4, 16),
    2029: date(2029, 4, 1),
    2030: date(2030, 4, 21),
    2031: date(2031, 4, 13),
    2032: date(2032, 3, 28),
    2033: date(2033, 4, 17),
    2034: date(2034, 4, 9),
    2035: date(2035, 3, 25),
    2036: date(2036, 4, 13),
}
KINGS_DAY_ON_26 = {2025, 2031, 2036}  # 27 April is a Sunday


def undisputed(year: int) -> set[date]:
    easter = EASTER[year]
    moving = {easter + timedelta(days=n) for n in (0, 1, 39, 49, 50)}
    fixed = {date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)}
    lustrum = {date(year, 5, 5)} if year % 5 == 0 else set()
    return moving | fixed | lustrum | {date(year, 4, 26 if year in KINGS_DAY_ON_26 else 27)}


def debatable(year: int) -> set[date]:
    return {EASTER[year] - timedelta(days=2), date(year, 5, 5)} - undisputed(year)
