"""Which permission each command is, for the table in `docs/reference/permissions.md`.

A command asks nobody: who runs it is the principal `local`, which has them all. So that is told here, and a test holds it to the
commands that there are. None: it is about the machine and not about the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jifen.domain.principal import Permission

COMMAND_PERMISSIONS: Final[Mapping[str, Permission | None]] = {
    "serve": None,
    "demo": None,
    "init": None,
    "explain": Permission.MEMBERS_READ,
    "backtest": Permission.BACKTESTS_RUN,
    "reconcile": Permission.BOOKS_RECONCILE,
    "doctor": None,
    "bench": None,
    "program validate": Permission.PROGRAM_PLAN,
    "program plan": Permission.PROGRAM_PLAN,
    "program apply": Permission.PROGRAM_PUBLISH,
    "program pull": Permission.PROGRAM_READ,
    "program show": Permission.PROGRAM_READ,
    "member enrol": Permission.MEMBERS_ENROL,
    "member show": Permission.MEMBERS_READ,
    "member close": Permission.MEMBERS_CHANGE_STATUS,
    "member reverse": Permission.ENTRIES_REVERSE,
    "purchase show": Permission.PURCHASES_READ,
    "purchase record": Permission.PURCHASES_RECORD,
    "key create": Permission.KEYS_MANAGE,
    "key list": Permission.KEYS_READ,
    "key roles": None,
    "key renew": Permission.KEYS_MANAGE,
    "key rotate": Permission.KEYS_MANAGE,
    "key revoke": Permission.KEYS_MANAGE,
    "operator add": Permission.OPERATORS_MANAGE,
    "operator invite": Permission.OPERATORS_MANAGE,
    "operator list": Permission.OPERATORS_READ,
    "operator show": Permission.OPERATORS_READ,
    "operator disable": Permission.OPERATORS_MANAGE,
    "operator enable": Permission.OPERATORS_MANAGE,
    "operator roles": Permission.OPERATORS_MANAGE,
    "operator reset-password": Permission.OPERATORS_MANAGE,
    "operator end-sessions": Permission.OPERATORS_MANAGE,
    "proposal list": Permission.PROPOSALS_READ,
    "proposal show": Permission.PROPOSALS_READ,
    "proposal approve": Permission.PROPOSALS_DECIDE,
    "proposal refuse": Permission.PROPOSALS_DECIDE,
    "import completejourney": Permission.PURCHASES_IMPORT,
    "import purchases": Permission.PURCHASES_IMPORT,
    "import opening": Permission.PURCHASES_IMPORT,
    "jobs list": Permission.BOOKS_READ,
    "jobs retry": Permission.JOBS_RETRY,
    "snapshot take": Permission.BOOKS_SNAPSHOT,
    "snapshot verify": Permission.BOOKS_SNAPSHOT,
    "db start": None,
    "db stop": None,
    "db status": None,
    "db migrate": None,
    "db psql": None,
    "db backup": None,
    "db restore": None,
}
