"""`jifen question`: ask, list, show, answer, appeal, close."""

from __future__ import annotations

from tests.cli.conftest import Jifen


def test_a_question_from_asking_to_its_end(jifen: Jifen) -> None:
    jifen("member", "enrol", "--card", "6200001")
    asked = jifen.data(
        "question", "ask", "card:6200001", "--kind", "units_missing", "--text", "Where is the tea?"
    )
    question = asked["question_id"]
    assert asked["status"] == "open"
    assert "积分缺失" in jifen("question", "list", "--status", "open", "--language", "zh")
    assert "question_over" in jifen("question", "close", "6200001", question, status=3)
    told = jifen(
        "question", "answer", "6200001", question, "--outcome", "explained", "--text", "It was voided"
    )
    assert "is answered" in told
    assert "an answer is due by" in jifen("question", "appeal", "6200001", question, "--text", "It was not")
    # The same account of the machine has answered before.
    again = jifen("question", "answer", "6200001", question, "--outcome", "refused", "--text", "no", status=3)
    assert "second_person_needed" in again
    trail = jifen.data("question", "show", "6200001", question)["trail"]
    assert [step["move"] for step in trail] == ["asked", "answered", "appealed"]
    assert "Where is the tea?" in jifen("question", "show", "6200001", question)
    assert "Nobody asks that." in jifen("question", "list", "--kind", "tier")


def test_what_is_misspelt_is_told(jifen: Jifen) -> None:
    jifen("member", "enrol", "--card", "6200001")
    jifen("question", "list", "--status", "lost", status=2)
    jifen("question", "show", "6200001", "12", status=2)
    jifen("question", "ask", "6200001", "--kind", "tier", "--part", "0", "--text", "x", status=2)
    jifen("question", "ask", "6200001", "--kind", "gossip", "--text", "x", status=2)
    assert "question_unknown" in jifen("question", "show", "6200001", "qst_" + "0" * 32, status=3)
