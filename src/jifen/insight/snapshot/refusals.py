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
    message_zh = "快照不能这样使用。"
    is_broken = False  # otherwise nothing is broken and nothing was done

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotASnapshot(SnapshotRefused):
    """There is no whole snapshot in that folder. Make one: jifen snapshot FOLDER."""

    code = "not_a_snapshot"
    message_zh = "该文件夹中没有完整的快照。请运行：jifen snapshot FOLDER。"


class OtherFormat(SnapshotRefused):
    """The snapshot has another format. Take a new one, in an empty folder, with this Jifen."""

    code = "snapshot_of_another_format"
    message_zh = "快照的格式版本不同。请用当前版本在空文件夹中重新生成。"


class FileGone(SnapshotRefused):
    """A file that the manifest names is not there. Copy the folder again as a whole, or take a new snapshot."""

    code = "snapshot_file_gone"
    message_zh = "清单中的文件缺失。请完整地重新复制该文件夹，或重新生成快照。"
    is_broken = True


class FileDiffers(SnapshotRefused):
    """A file is not the one the manifest names. Copy the folder again as a whole, or take a new snapshot."""

    code = "snapshot_file_differs"
    message_zh = "文件与清单不符。请完整地重新复制该文件夹，或重新生成快照。"
    is_broken = True


class FolderTaken(SnapshotRefused):
    """The folder holds something else. Name an empty folder, or one that does not exist yet."""

    code = "snapshot_folder_taken"
    message_zh = "该文件夹中有其他内容。请指定空文件夹或尚不存在的文件夹。"


class FolderClosed(SnapshotRefused):
    """The folder cannot be written. Name another, or give this user the right to write there."""

    code = "snapshot_folder_closed"
    message_zh = "无法写入该文件夹。请指定其他文件夹，或授予当前用户写入权限。"


class SnapshotBusy(SnapshotRefused):
    """Another run is writing in that folder. Wait until it is done."""

    code = "snapshot_busy"
    message_zh = "另一个任务正在写入该文件夹。请等待其完成。"


class OtherDatabase(SnapshotRefused):
    """The folder holds the snapshot of another database. Name another folder."""

    code = "snapshot_of_another_database"
    message_zh = "该文件夹中是另一个数据库的快照。请指定另一个文件夹。"


class HistoryDiffers(SnapshotRefused):
    """The history of the database is not the one this snapshot began with, as after a restore. Take a new one elsewhere."""

    code = "snapshot_history_differs"
    message_zh = "数据库的历史与该快照不一致（例如恢复过备份）。请在新文件夹中重新生成。"


class OtherBuckets(SnapshotRefused):
    """The number of buckets is fixed by the first run. Leave it out, or take a new snapshot in an empty folder."""

    code = "snapshot_of_other_buckets"
    message_zh = "分桶数在首次运行时已固定。请省略该选项，或在空文件夹中重新生成。"


class DiskFull(SnapshotRefused):
    """There is no room on the disk. The snapshot before still stands; make room and run again."""

    code = "snapshot_disk_full"
    message_zh = "磁盘空间不足。之前的快照仍然有效；请腾出空间后重新运行。"
    is_broken = True
