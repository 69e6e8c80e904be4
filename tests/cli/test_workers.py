"""How a serving process shares its interpreter."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

from jifen.cli.workers import GIVE_WAY_AFTER, Worker
from jifen.embedded import Connection


def test_where_it_serves_a_thread_that_computes_gives_way_more_often_than_pythons_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A purchase asks for the interpreter some twenty times, and waits so long each time while a programme is published."""
    monkeypatch.setattr(import_module("jifen.api.app"), "create_app", lambda *_, **__: "the application")
    monkeypatch.setattr(import_module("jifen.cli.serve"), "configure_logs", lambda: None)
    monkeypatch.setattr(import_module("jifen.cli.workers"), "look_less_often", lambda: None)
    pythons_own = sys.getswitchinterval()
    address = Connection(host="nowhere", port=1, user="nobody", password=None, database="none")
    try:
        Worker(address=address, runs_jobs=False, pool_size=1)()
        where_it_serves = sys.getswitchinterval()
    finally:
        sys.setswitchinterval(pythons_own)
    assert where_it_serves == pytest.approx(GIVE_WAY_AFTER)
    assert where_it_serves < pythons_own / 5
