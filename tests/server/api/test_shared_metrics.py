"""What several processes counted, added up."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from server.api import shared_metrics
from server.api.shared_metrics import SharedMetrics, SummedMetrics
from tests.server.inkling_process import until


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> CollectorRegistry:
    registry = CollectorRegistry()
    monkeypatch.setattr(shared_metrics, "REGISTRY", registry)
    return registry


def added_up(others: list[str]) -> list[str]:
    registry = CollectorRegistry()
    registry.register(SummedMetrics(others))
    return generate_latest(registry).decode().splitlines()


def test_each_count_is_added_to_the_same_count_of_the_others(ours: CollectorRegistry) -> None:
    seen = Counter("seen", "What was seen.", ["what"], registry=ours)
    took = Histogram("took", "How long it took.", buckets=(1, 2), registry=ours)
    seen.labels('a "quoted"\nname').inc(2)
    took.observe(0.5)
    other = generate_latest(ours).decode()
    took.observe(1.5)
    seen.labels("b").inc()
    told = added_up([other, other])
    assert 'seen_total{what="a \\"quoted\\"\\nname"} 6.0' in told
    assert 'seen_total{what="b"} 1.0' in told
    assert 'took_bucket{le="1.0"} 3.0' in told
    assert 'took_bucket{le="+Inf"} 4.0' in told
    assert "took_sum 3.0" in told
    assert not [line for line in told if "_created" in line]


def test_what_another_process_counted_is_found(ours: CollectorRegistry, tmp_path: Path) -> None:
    Counter("seen", "What was seen.", registry=ours).inc()
    one, other = SharedMetrics(tmp_path), SharedMetrics(tmp_path)
    one.note_change()
    assert until(lambda: list(other.read_others()), 10)
    assert "seen_total 2.0" in added_up(list(other.read_others()))
    assert list(one.read_others()) == []


def test_where_nothing_can_be_written_counting_goes_on(ours: CollectorRegistry, tmp_path: Path) -> None:
    Counter("seen", "What was seen.", registry=ours).inc()
    (tmp_path / "metrics").touch()  # no folder
    one, other = SharedMetrics(tmp_path / "metrics"), SharedMetrics(tmp_path / "metrics")
    one.note_change()
    assert "seen_total 1.0" in added_up(list(one.read_others()))
    (tmp_path / "metrics").unlink()
    # By itself, once there is room again.
    assert until(lambda: list(other.read_others()), 10)
