"""Why a compensation is not read, or not undone."""

from __future__ import annotations

from jifen.domain.refusals import Conflict, Unknown


class CompensationUnknown(Unknown):
    """There is no such compensation."""

    code = "compensation_unknown"


class CompensationOver(Conflict):
    """It is being undone, or was undone, before."""

    code = "compensation_over"
