"""Publishing by the API holds up no till: whatever grows with a programme is done in a thread, not on the loop that serves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.api.conftest import Api

from jifen.api import console
from jifen.operations import plan_program, publish_program

OF_A_WHOLE_DOCUMENT = (
    (console, "document_hash"),
    (console, "run_trials"),
    (plan_program, "plan"),
    (plan_program, "run_trials"),
    (publish_program, "as_values"),
    (publish_program, "hash_of_values"),
    (publish_program, "forbidden_changes"),
    (publish_program, "compile_program"),
    (publish_program, "run_trials"),
)


@pytest.mark.parametrize(
    ("path", "calls"),
    [
        ("/v1/program:validate", {"document_hash"}),
        ("/v1/program:plan", {"plan", "run_trials"}),
        ("/v1/program:test", {"run_trials"}),
        (
            "/v1/program:apply",
            {
                "as_values",
                "hash_of_values",
                "forbidden_changes",
                "compile_program",
                "run_trials",
            },
        ),
    ],
)
async def test_a_document_is_read_and_worked_on_in_a_thread(
    path: str, calls: set[str], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = (await api.get("/v1/program")).json()["newest"]["document"]
    document = {**published, "program": {**published["program"], "names": {"en": "Another name"}}}
    on_the_loop: dict[str, bool] = {}

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            on_the_loop[function.__name__] = threading.current_thread() is threading.main_thread()
            return function(*args, **more)

        return call

    for module, name in OF_A_WHOLE_DOCUMENT:
        monkeypatch.setattr(module, name, watched(getattr(module, name)))
    answer = await api.post(path, {"document": document})

    assert answer.status_code in (200, 201), answer.text
    assert on_the_loop == dict.fromkeys(calls, False)
