"""PostgreSQL 18 from the wheel, started by ourselves; or the server that JIFEN_DATABASE_URL names.

A leaf: it knows nothing of loyalty and imports nothing else of jifen. Why not the wheel's own starter:
docs/decisions/0010-own-starter-of-postgresql.md.
"""

from jifen.embedded.backup import Backup, back_up, restore, verify
from jifen.embedded.choose import Database, connections, is_own_server_named
from jifen.embedded.connection import Connection
from jifen.embedded.failures import (
    BackupBroken,
    BinariesMissing,
    DatabaseUrlUnclear,
    DidNotStart,
    FolderClosed,
    FolderNotEmpty,
    FolderNotOurs,
    OtherVersion,
    PostgresUnavailable,
    ServerInUse,
    StillRecovering,
    SystemUserMissing,
)
from jifen.embedded.home import Home, home_folder
from jifen.embedded.server import EmbeddedPostgres, Server, Status, throw_away
from jifen.embedded.software import bin_dir
from jifen.embedded.watch import watched

__all__ = [
    "Backup",
    "BackupBroken",
    "BinariesMissing",
    "Connection",
    "Database",
    "DatabaseUrlUnclear",
    "DidNotStart",
    "EmbeddedPostgres",
    "FolderClosed",
    "FolderNotEmpty",
    "FolderNotOurs",
    "Home",
    "OtherVersion",
    "PostgresUnavailable",
    "Server",
    "ServerInUse",
    "Status",
    "StillRecovering",
    "SystemUserMissing",
    "back_up",
    "bin_dir",
    "connections",
    "home_folder",
    "is_own_server_named",
    "restore",
    "throw_away",
    "verify",
    "watched",
]
