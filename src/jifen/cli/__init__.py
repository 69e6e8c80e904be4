"""The command line. Commands live in files of their own; this one mounts them.

Exit status, which scripts may trust
    0   done
    1   it failed, or something is broken
    2   the command was not understood
    3   refused: nothing is broken and nothing was done
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup

from jifen.cli.at_ledger import refused_plainly
from jifen.cli.audit import audit_app
from jifen.cli.backtest import backtest
from jifen.cli.basket import basket_app
from jifen.cli.bench import bench
from jifen.cli.card import card_app
from jifen.cli.compensation import compensation_app
from jifen.cli.db import db_app
from jifen.cli.demo import demo
from jifen.cli.doctor import doctor
from jifen.cli.event import event_app
from jifen.cli.exchange import exchange_app
from jifen.cli.explain import explain
from jifen.cli.household import household_app
from jifen.cli.import_ import import_app
from jifen.cli.jobs import jobs_app
from jifen.cli.key import key_app
from jifen.cli.ledger import ledger_app
from jifen.cli.member import member_app
from jifen.cli.operator import operator_app
from jifen.cli.person import person_app
from jifen.cli.program import program_app
from jifen.cli.proposal import proposal_app
from jifen.cli.purchase import purchase_app
from jifen.cli.question import question_app
from jifen.cli.reconcile import reconcile
from jifen.cli.retention import retention_app
from jifen.cli.reward import reward_app
from jifen.cli.segment import segment_app
from jifen.cli.serve import init, serve
from jifen.cli.show import told_plainly
from jifen.cli.snapshot import snapshot_app
from jifen.cli.switch import switch_app
from jifen.cli.template import template_app
from jifen.cli.terms import terms_app
from jifen.cli.tier import tier_app
from jifen.cli.vault import vault_app


class TellsPlainly(TyperGroup):
    """What is no defect ends any command with a sentence and a status, whether or not the command thinks of it itself."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Remember who reads the answer, before the commands take their options."""
        ctx.meta[AS_JSON] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        as_json = ctx.meta[AS_JSON]
        with told_plainly(as_json=as_json), refused_plainly(as_json=as_json):
            return super().invoke(ctx)


AS_JSON = "jifen.as_json"

app = typer.Typer(
    cls=TellsPlainly,
    name="jifen",
    help="The loyalty engine that a retailer runs itself: every point can be explained, proven and paid for.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

# To add a command: a group goes into GROUPS, a single command into COMMANDS, in the order the help shows them.
# A module mounted here imports only typer and the standard library at its top; the rest inside its functions, so that
# `jifen --help` stays quick.
COMMANDS = (serve, demo, init, explain, backtest, reconcile, doctor, bench)
GROUPS = (
    (program_app, "program"),
    (template_app, "template"),
    (member_app, "member"),
    (person_app, "person"),
    (purchase_app, "purchase"),
    (basket_app, "basket"),
    (question_app, "question"),
    (terms_app, "terms"),
    (card_app, "card"),
    (reward_app, "reward"),
    (switch_app, "switch"),
    (segment_app, "segment"),
    (event_app, "event"),
    (tier_app, "tier"),
    (exchange_app, "exchange"),
    (compensation_app, "compensation"),
    (key_app, "key"),
    (operator_app, "operator"),
    (proposal_app, "proposal"),
    (import_app, "import"),
    (snapshot_app, "snapshot"),
    (jobs_app, "jobs"),
    (ledger_app, "ledger"),
    (audit_app, "audit"),
    (db_app, "db"),
    (vault_app, "vault"),
    (retention_app, "retention"),
)

for command in COMMANDS:
    app.command()(command)
member_app.add_typer(household_app, name="household")
for group, name in GROUPS:
    app.add_typer(group, name=name)


def main() -> None:
    """Run the command line."""
    # A polite kill leaves like a Ctrl-C does: blocks are left in order, and the last user of PostgreSQL stops it.
    signal.signal(signal.SIGTERM, _leave)
    app()


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)
