"""Refusals about programme documents; the tree they belong to stands in `refusals.py`.

NotAllowed
  DocumentTooHeavy               looking at it takes longer, or more memory, than a document may
"""

from __future__ import annotations

from jifen.domain.refusals import NotAllowed


class DocumentTooHeavy(NotAllowed):
    """Looking at the document takes longer than a document may: take rules, conditions or values out of it."""

    code = "document_too_heavy"
