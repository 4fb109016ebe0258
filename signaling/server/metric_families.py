"""Make Prometheus metrics from mappings of label values to numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from media.api.wire import Spread

K = TypeVar("K", bound=tuple[Any, ...])


@dataclass(eq=False)
class Families(Collector):
    """The metrics of one scrape, as a collector of `prometheus_client`."""

    families: list[Metric]

    def collect(self) -> Iterator[Metric]:
        return iter(self.families)


def gauge(name: str, what: str, labels: tuple[str, ...], values: Mapping[K, float]) -> Metric:
    """Return a gauge with one sample for each item of `values`.

    A key of `values` is a tuple: one value for each label, in the order of `labels`.
    """
    family = GaugeMetricFamily(name, what, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def counter(name: str, what: str, labels: tuple[str, ...], values: Mapping[K, float]) -> Metric:
    """Return a counter, with samples as in `gauge`. Give `name` without the suffix `_total`."""
    family = CounterMetricFamily(name, what, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def histogram(name: str, what: str, spreads: Mapping[str, Spread], factor: float) -> Metric:
    """Return a histogram with a series for each media worker. `factor` converts the measured unit to the unit in `name`."""
    family = HistogramMetricFamily(name, what, labels=("worker",))
    for worker, spread in sorted(spreads.items()):
        bounds = [f"{bound * factor:g}" for bound in spread.bounds] + ["+Inf"]
        total, buckets = 0, []
        for bound, count in zip(bounds, spread.counts, strict=True):
            total += count
            buckets.append((bound, total))
        family.add_metric((worker,), buckets, spread.sum * factor)
    return family
