"""Refusals about files that come in and go out; the tree they belong to stands in `refusals.py`.

Unknown
  ImportUnknown, ExportUnknown
Conflict
  ImportBusy                     it waits or runs already
  ImportOver                     it is over, and its file is gone
  ExportUnfinished               there is no file yet, or there never will be
NotAllowed
  FileUnusable                   what the file holds cannot be read as it is said to be written
  NoRoom                         the disk is too full for it
"""

from __future__ import annotations

from jifen.domain.refusals import Conflict, NotAllowed, Unknown


class ImportUnknown(Unknown):
    """There is no such import (any more)."""

    code = "import_unknown"


class ExportUnknown(Unknown):
    """There is no such export (any more)."""

    code = "export_unknown"


class ImportBusy(Conflict):
    """The import waits or runs already: let it end, or cancel it."""

    code = "import_busy"


class ImportOver(Conflict):
    """The import is over and its file is gone: upload the file again; what was taken is not doubled."""

    code = "import_over"


class ExportUnfinished(Conflict):
    """The export has no such file: it is not done, or it failed or was cancelled."""

    code = "export_unfinished"


class FileUnusable(NotAllowed):
    """The file cannot be read as it is said to be written."""

    code = "file_unusable"


class NoRoom(NotAllowed):
    """There is no room on the disk for this file."""

    code = "no_room"
