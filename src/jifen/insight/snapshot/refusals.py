"""Why a snapshot is not written, not read, or not believed. Each says what to do.

SnapshotRefused
├── NotASnapshot        no manifest, or one that cannot be read
├── OtherFormat         written by a Jifen of another format
├── FileGone            the manifest names a file that is not there
├── FileDiffers         a file is of another size or checksum than the manifest says
├── FolderTaken         the folder holds something else
├── FolderClosed        the folder cannot be written
├── SnapshotBusy        another run is writing there
├── OtherDatabase       the folder holds another database's snapshot
├── HistoryDiffers      the database's history is not the one the folder began with
├── OtherBuckets        another number of buckets was asked for
└── DiskFull            no room; the snapshot before still stands
"""

from __future__ import annotations


class SnapshotRefused(Exception):
    """The snapshot cannot be used so."""

    code = "snapshot_refused"
    is_broken = False  # otherwise nothing is broken and nothing was done

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotASnapshot(SnapshotRefused):
    """There is no whole snapshot in that folder. Make one: jifen snapshot FOLDER."""

    code = "not_a_snapshot"


class OtherFormat(SnapshotRefused):
    """The snapshot has another format. Take a new one, in an empty folder, with this Jifen."""

    code = "snapshot_of_another_format"


class FileGone(SnapshotRefused):
    """A file that the manifest names is not there. Copy the folder again as a whole, or take a new snapshot."""

    code = "snapshot_file_gone"
    is_broken = True


class FileDiffers(SnapshotRefused):
    """A file is not the one the manifest names. Copy the folder again as a whole, or take a new snapshot."""

    code = "snapshot_file_differs"
    is_broken = True


class FolderTaken(SnapshotRefused):
    """The folder holds something else. Name an empty folder, or one that does not exist yet."""

    code = "snapshot_folder_taken"


class FolderClosed(SnapshotRefused):
    """The folder cannot be written. Name another, or give this user the right to write there."""

    code = "snapshot_folder_closed"


class SnapshotBusy(SnapshotRefused):
    """Another run is writing in that folder. Wait until it is done."""

    code = "snapshot_busy"


class OtherDatabase(SnapshotRefused):
    """The folder holds the snapshot of another database. Name another folder."""

    code = "snapshot_of_another_database"


class HistoryDiffers(SnapshotRefused):
    """The history of the database is not the one this snapshot began with, as after a restore. Take a new one elsewhere."""

    code = "snapshot_history_differs"


class OtherBuckets(SnapshotRefused):
    """The number of buckets is fixed by the first run. Leave it out, or take a new snapshot in an empty folder."""

    code = "snapshot_of_other_buckets"


class DiskFull(SnapshotRefused):
    """There is no room on the disk. The snapshot before still stands; make room and run again."""

    code = "snapshot_disk_full"
    is_broken = True
