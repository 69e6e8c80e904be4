"""Why a day is not told; a branch of the tree in `domain/refusals.py`.

Unknown
  FestivalUnknown                no festival has that code
  CountryUnknown                 nobody keeps the days off of that country here
NotAllowed
  YearNotCounted                 the lunar calendar is not counted that far
  DaysNotPublished               the days off of that year are not published, or this version does not know them
"""

from __future__ import annotations

from jifen.domain.refusals import NotAllowed, Unknown


class FestivalUnknown(Unknown):
    """There is no festival of that code."""

    code = "festival_unknown"


class CountryUnknown(Unknown):
    """The days off of that country are not known here."""

    code = "country_unknown"


class YearNotCounted(NotAllowed):
    """Festivals are not counted for that year."""

    code = "year_not_counted"


class DaysNotPublished(NotAllowed):
    """The days off of that year are not published yet, or this version does not know them: name the days themselves."""

    code = "days_not_published"
