"""Every "no" about programmes that stands in no other file; a branch of the tree in `domain/refusals.py`."""

from __future__ import annotations

from jifen.domain.refusals import NotAllowed, Unknown


class DocumentTestsFailed(NotAllowed):
    """A test that the programme carries does not come out as it expects."""

    code = "document_tests_failed"


class TemplateUnknown(Unknown):
    """There is no such template."""

    code = "template_unknown"


class DocumentTooHeavy(NotAllowed):
    """Looking at the document takes longer than a document may: take rules, conditions or values out of it."""

    code = "document_too_heavy"


class ExchangeUnknown(Unknown):
    """The programme in force has no such exchange."""

    code = "exchange_unknown"
