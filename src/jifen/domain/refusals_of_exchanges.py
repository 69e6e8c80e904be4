"""Refusals of exchanges."""

from __future__ import annotations

from jifen.domain.refusals import Unknown


class ExchangeUnknown(Unknown):
    """The programme in force has no such exchange."""

    code = "exchange_unknown"
