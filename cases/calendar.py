"""Dutch holidays and working days, and dates in words.

Reg. (EEC, Euratom) 1182/71 art. 2: working days are all days but public holidays, Sundays and Saturdays; the holidays
are those of the Member State where the action is taken. Atw art. 3 names them for the Netherlands. Two of those days
are debatable (Goede Vrijdag, and 5 May outside lustrum years): `generous` says whether they count as holidays. Days
equated by royal decree never count. Not here: how a term is counted (`deadlines`).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from cases.errors import InputError

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAY = timedelta(days=1)
_SATURDAY = 5
_GOOD_FRIDAY = "Goede vrijdag"  # as the library spells it; a test holds this to published dates
_LIBERATION_DAY = "Bevrijdingsdag"
_SHORT = ("ma", "di", "wo", "do", "vr", "za", "zo")
_WEEKEND = {5: "een zaterdag", 6: "een zondag"}
_MONTHS = (
    "januari februari maart april mei juni juli augustus september oktober november december".split()  # noqa: SIM905
)


@lru_cache(maxsize=64)
def _holidays(year: int) -> tuple[dict[date, str], dict[date, str]]:
    """The undisputed and the debatable holidays of a year, by name."""
    listed = dict(holidays.country_holidays("NL", years=year, language="nl"))
    debatable = {day: name for day, name in listed.items() if name == _GOOD_FRIDAY}
    # The library lists 5 May in lustrum years only; in other years lists differ on it.
    debatable.setdefault(date(year, 5, 5), _LIBERATION_DAY)
    firm = {day: name for day, name in listed.items() if name != _GOOD_FRIDAY}
    return firm, {day: name for day, name in debatable.items() if day not in firm}


def day_off(day: date, *, generous: bool = True) -> str:
    """Why nobody has to act on this day ("een zaterdag", "Koningsdag"); empty for a working day."""
    firm, debatable = _holidays(day.year)
    if name := firm.get(day) or (debatable.get(day) if generous else None):
        return name
    return _WEEKEND.get(day.weekday(), "")


def is_debatable(day: date) -> bool:
    """A day that counts as a holiday in some lists only, and is no weekend day."""
    return day in _holidays(day.year)[1] and day.weekday() < _SATURDAY


def roll(day: date, *, generous: bool = True) -> date:
    """The day itself, or the next working day (art. 3(4))."""
    while day_off(day, generous=generous):
        day += DAY
    return day


def add_working_days(day: date, count: int, *, generous: bool = False) -> date:
    """`count` working days later. Debatable days count as working days unless `generous`: earlier is never late."""
    for _ in range(count):
        day = roll(day + DAY, generous=generous)
    return day


def working_days_before(day: date, count: int) -> date:
    """`count` working days earlier; on debatable days the office may be shut, so they do not count."""
    for _ in range(count):
        day -= DAY
        while day_off(day):
            day -= DAY
    return day


def local_date(moment: datetime) -> date:
    """The calendar date in the Netherlands, which decides (not the UTC date)."""
    return aware(moment).astimezone(AMSTERDAM).date()


def aware(moment: datetime) -> datetime:
    """The moment itself; a date-time without zone may be hours off and is refused."""
    if moment.utcoffset() is None:
        raise InputError("naive_datetime", "een tijdstip zonder tijdzone kan niet als ontvangstmoment dienen")
    return moment


def at_hour(day: date, hour: int) -> datetime:
    """A full hour of a day in the Netherlands; 0 is the start of the day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=AMSTERDAM)


def day_words(day: date) -> str:
    """ "za 31-01-2026" """
    return f"{_SHORT[day.weekday()]} {day:%d-%m-%Y}"


def long_date(day: date) -> str:
    """ "2 maart 2026", for letters."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
