"""Every "no" about programmes that stands in no other file; a branch of the tree in `domain/refusals.py`."""

from __future__ import annotations

from jifen.domain.refusals import NotAllowed, Unknown


class DocumentTestsFailed(NotAllowed):
    """A test that the programme carries does not come out as it expects."""

    code = "document_tests_failed"


class TemplateUnknown(Unknown):
    """There is no such template."""

    code = "template_unknown"
