"""The benchmark tells what it measured in the form that is promised, and refuses where durability is off."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

from jifen.bench.figures import Figure, is_noisy, median
from jifen.bench.groups import GROUPS, Size
from jifen.bench.large_account import TIMES
from jifen.bench.load import baskets, member_id
from jifen.bench.machine import DurabilityOff, Machine
from jifen.embedded import throw_away


def test_baskets_are_the_same_for_the_same_seed_and_have_five_lines() -> None:
    one, other = (baskets(random.Random(7), count=20) for _ in range(2))
    assert one == other
    assert all(len(json.loads(lines)) == 5 for _, lines in one)
    assert all(sum(line["amount_minor"] for line in json.loads(lines)) == amount for amount, lines in one)


def test_members_of_a_benchmark_are_known_and_scattered() -> None:
    ids = {member_id(i) for i in range(1_000)}
    assert len(ids) == 1_000
    assert len({str(one)[0] for one in ids}) == 16


def test_a_quiet_machine_is_judged_and_a_noisy_one_is_not() -> None:
    assert not is_noisy([100, 104, 98], [0.01, 0.02])
    assert is_noisy([100, 150, 98], [0.01])
    assert is_noisy([100, 101], [0.3])
    assert median([3, 1, 2]) == 2


def test_a_figure_has_the_names_that_are_promised() -> None:
    figure = Figure(
        name="purchase_http", value=1.23456, unit="a second", goal="1.0 P", holds=True, ratio=0.98765
    )
    assert figure.as_document() == {
        "name": "purchase_http", "value": 1.235, "unit": "a second", "ratio": 0.988, "goal": "1.0 P", "holds": True,
    }  # fmt: skip


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit"])
def test_it_refuses_to_measure_where_durability_is_off(setting: str) -> None:
    with throw_away({setting: "off"}) as server:
        machine = Machine(server=server, members=1)
        with pytest.raises(DurabilityOff, match=setting):
            machine.check_durability()


@pytest.mark.slow
def test_twenty_members_hammered_leave_books_that_are_kept() -> None:
    assert "contention" in GROUPS
    done = subprocess.run(
        [sys.executable, "-c", "from jifen.cli import main; main()", "bench", "contention", "--members", "100",
         "--seconds", "2", "--rounds", "1", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr  # 1: a figure missed its goal on this machine
    (figure,) = json.loads(done.stdout)["figures"]
    assert figure["name"] == "contention"
    assert figure["value"] > 0
    assert set(figure["detail"]["statuses"]) == {"201"}, "no refusal, no error, no lost request"


@pytest.mark.slow
def test_every_verb_of_a_large_account_has_a_figure() -> None:
    figures = list(GROUPS["large"](Size(lots=1_100), lambda _: None))
    names = {figure.name for figure in figures}
    assert names >= {
        f"large_{verb}" for verb in ("purchase", "return", "reserve", "commit", "give", "claim", "reverse")
    }
    assert all(figure.unit == "ms" and figure.value > 0 for figure in figures)
    assert all(len((figure.detail or {})["ms"]) == TIMES for figure in figures)
