"""`Meter` by Prometheus' own client library: counters and histograms in a registry of this monitor's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.domain.metrics import MEASURED, Gauge, Name


class Prometheus:
    """Counts, observes, and renders everything as Prometheus' text format; `gauges` is asked at each rendering."""

    def __init__(self, gauges: Callable[[], Iterable[Gauge]]) -> None:
        self._registry = CollectorRegistry()
        self._counters: dict[Name, Counter] = {}
        self._histograms: dict[Name, Histogram] = {}
        for metric in MEASURED:
            if metric.buckets:
                self._histograms[metric.name] = Histogram(
                    metric.name, metric.meaning, metric.labels, buckets=metric.buckets, registry=self._registry
                )
            else:
                self._counters[metric.name] = Counter(
                    metric.name, metric.meaning, metric.labels, registry=self._registry
                )
        self._registry.register(_Gauges(gauges))

    def count(self, name: Name, by: float = 1, /, **labels: str) -> None:
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc(by)

    def observe(self, name: Name, value: float, /, **labels: str) -> None:
        histogram = self._histograms[name]
        (histogram.labels(**labels) if labels else histogram).observe(value)

    def render(self) -> bytes:
        """The text a Prometheus server reads (`text/plain; version=0.0.4`)."""
        return generate_latest(self._registry)


class _Gauges(Collector):
    def __init__(self, gauges: Callable[[], Iterable[Gauge]]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        for gauge in self._gauges():
            family = GaugeMetricFamily(gauge.name, gauge.meaning, labels=gauge.labels)
            for values, number in gauge.values:
                family.add_metric(list(values), number)
            yield family
