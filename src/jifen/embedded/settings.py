"""The settings of the embedded server: safe for every acknowledged row, modest in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psutil

from jifen.embedded.home import PORT, Home

MB = 1024 * 1024


def memory_bytes() -> int:
    """The memory we may use: the machine's, or the container's limit when that is smaller."""
    machine = int(psutil.virtual_memory().total)
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            said = Path(path).read_text().strip()
        except OSError:
            continue
        if said.isdigit():
            return min(machine, int(said))
    return machine


def server_settings(home: Home, memory: int) -> dict[str, str]:
    """Every setting that differs from PostgreSQL's own default, or that a promise of ours stands on."""
    # An eighth of the memory, between what a corner shop's machine can spare and what a demo year needs.
    shared_buffers_mb = max(64, min(4096, memory // MB // 8))
    return {
        # Reach: a socket in a private folder; nothing listens on the network.
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(home.socket_folder),
        "unix_socket_permissions": "0700",
        "hba_file": str(home.postgres / "pg_hba.conf"),
        "password_encryption": "scram-sha-256",
        "max_connections": "50",
        # Law 6: what was acknowledged is on disk.
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        # A start after a kill replays at most about this much: 731 MB took 2.1 s here with the end's checkpoint, on two busy
        # processors, and a start is to stay below 10 s also on a slower machine.
        "max_wal_size": "1024MB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "5min",
        "wal_level": "replica",
        "max_wal_senders": "4",
        # The wheel's PostgreSQL knows pglz only, and pressing whole pages with it cost up to as much as writing the purchase.
        "wal_compression": "off",
        "log_startup_progress_interval": "2s",
        "shared_buffers": f"{shared_buffers_mb}MB",
        "effective_cache_size": f"{max(128, memory // MB // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{max(64, shared_buffers_mb // 4)}MB",
        "random_page_cost": "1.1",
        # Our statements are short; compiling them costs more than it gives.
        "jit": "off",
        "TimeZone": "UTC",
        "log_timezone": "UTC",
        # An abandoned transaction holds back every reader of the journal (DESIGN section 7).
        "idle_in_transaction_session_timeout": "5min",
        # A file a weekday, overwritten after a week, so that logs cannot fill the disk.
        "logging_collector": "on",
        "log_directory": str(home.log),
        "log_filename": "postgresql-%a.log",
        "log_file_mode": "0600",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_line_prefix": "%m [%p] %u@%d ",
        # The detail of a broken constraint quotes the row; rows may hold personal data, logs may not.
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "cluster_name": "jifen",
    }


def conf_text(settings: Mapping[str, str], local: Path) -> str:
    """The text of postgresql.conf."""

    def quoted(value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"

    lines = [f"{name} = {quoted(value)}" for name, value in settings.items()]
    head = f"# Written by jifen at every start. Put settings of your own into {local}"
    return "\n".join((head, *lines, f"include_if_exists = {quoted(str(local))}", ""))


# Passwords for everyone, also on the socket: whoever gets into the folder still has to know one.
HBA_TEXT = """# Written by jifen at every start.
local all         all         scram-sha-256
local replication jifen_admin scram-sha-256
"""
