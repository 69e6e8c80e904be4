"""The numbers for Prometheus: put down together, they say what one by one would have said."""

from __future__ import annotations

import random
import re

from prometheus_client import CollectorRegistry, Histogram, generate_latest

from jifen.api.observe import BUCKETS, Meters


def lines(text: bytes, name: str) -> dict[str, float]:
    """The samples whose name begins so."""
    found = re.findall(rf"^({name}\S*) (\S+)$", text.decode(), re.MULTILINE)
    return {what: float(value) for what, value in found if "_created" not in what}


def test_what_took_how_long_is_what_a_histogram_says_of_each() -> None:
    chance = random.Random(20261122)
    all_micros = [chance.choice((0, 1_000, 2_500, 999, 1_001, 10_000_000, 10_000_001)) for _ in range(50)]
    all_micros += [int(chance.lognormvariate(9, 2)) for _ in range(200)]
    meters = Meters(lambda: None)
    plain = CollectorRegistry()
    one_by_one = Histogram(
        "jifen_request_seconds", "Time to answer.", ["route"], buckets=BUCKETS, registry=plain
    )

    for at, micros in enumerate(all_micros):
        meters.answered("/v1/purchases", "POST", 201, micros)
        one_by_one.labels("/v1/purchases").observe(micros / 1e6)
        if at == 100:
            meters.measure()

    found, wanted = (lines(text, "jifen_request_seconds") for text in (meters.text(), generate_latest(plain)))
    total = 'jifen_request_seconds_sum{route="/v1/purchases"}'
    assert abs(found.pop(total) - wanted.pop(total)) < 1e-6
    assert found == wanted
    assert len(found) == len(BUCKETS) + 2


def test_each_request_refusal_and_purchase_is_counted_once() -> None:
    meters = Meters(lambda: None)

    meters.answered("/v1/purchases", "POST", 201, 5_000, purchases=["recorded"])
    meters.answered("/v1/purchases:batch", "POST", 200, 5_000, purchases=["recorded", "replayed"])
    meters.measure()
    meters.answered("/v1/purchases", "POST", 422, 5_000, refused="sums_differ")
    text = meters.text()

    assert lines(text, "jifen_requests_total") == {
        'jifen_requests_total{method="POST",route="/v1/purchases",status="201"}': 1,
        'jifen_requests_total{method="POST",route="/v1/purchases:batch",status="200"}': 1,
        'jifen_requests_total{method="POST",route="/v1/purchases",status="422"}': 1,
    }
    assert lines(text, "jifen_refusals_total") == {'jifen_refusals_total{code="sums_differ"}': 1}
    assert lines(text, "jifen_purchases_total") == {
        'jifen_purchases_total{outcome="recorded"}': 2,
        'jifen_purchases_total{outcome="replayed"}': 1,
    }
    assert meters.text() == text
