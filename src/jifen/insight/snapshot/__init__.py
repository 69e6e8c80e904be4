"""The snapshot: the ledger as Parquet files, as of one instant. What everything that looks back reads.

from jifen.insight.snapshot import open_snapshot
"""

from jifen.insight.snapshot.contracts import CACHE, EVENTS, JOURNAL, TABLES, Table
from jifen.insight.snapshot.manifest import File, Manifest, Total
from jifen.insight.snapshot.reading import BucketFrames, Snapshot, SnapshotRevision, open_snapshot
from jifen.insight.snapshot.refusals import SnapshotRefused

__all__ = [
    "CACHE",
    "EVENTS",
    "JOURNAL",
    "TABLES",
    "BucketFrames",
    "File",
    "Manifest",
    "Snapshot",
    "SnapshotRefused",
    "SnapshotRevision",
    "Table",
    "Total",
    "open_snapshot",
]
