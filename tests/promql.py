"""Compare a PromQL query with a scrape, which is the text of all metrics that a server returns.

Find the metrics, labels and label values that the query names and the scrape lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser as promql
from prometheus_client.parser import text_string_to_metric_families

OF_PROMETHEUS = {"instance", "job"}  # labels that Prometheus adds to every sample
_PARTS = ("lhs", "rhs", "expr", "args", "vector_selector", "param")
Scrape = dict[str, list[dict[str, str]]]


def scrape(text: str) -> Scrape:
    """Return metric → the labels of each of its samples."""
    found: Scrape = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def wrong_names(query: str, known: Scrape) -> list[str]:
    """Return a sentence for each metric, label and label value in `query` that `known` lacks."""
    tree = promql.parse(query)
    return [sentence for part in _walk(tree) for sentence in _wrong(part, known)]


def result_labels(query: str, known: Scrape) -> set[str]:
    """Return the labels that a result of `query` can carry."""
    return _labels(promql.parse(query), known)


def _wrong(part: Any, known: Scrape) -> Iterator[str]:
    if isinstance(part, promql.VectorSelector):
        samples = known.get(part.name)
        if samples is None:
            yield f"there is no {part.name}"
            return
        for matcher in part.matchers.matchers:
            values = {labels[matcher.name] for labels in samples if matcher.name in labels}
            if not values and matcher.name not in OF_PROMETHEUS:
                yield f"{part.name} has no label {matcher.name}"
            elif matcher.op == promql.MatchOp.Equal and values and matcher.value not in values:
                yield f"{part.name} has no {matcher.name}={matcher.value}, but {sorted(values)}"
    if isinstance(part, promql.AggregateExpr) and part.modifier is not None:
        for label in sorted(set(part.modifier.labels) - _labels(part.expr, known)):
            yield f"there is no label {label} to sum by in {part.prettify()}"


def _labels(part: Any, known: Scrape) -> set[str]:
    if isinstance(part, promql.AggregateExpr):
        return set(part.modifier.labels) if part.modifier is not None else set()
    if isinstance(part, promql.VectorSelector):
        return OF_PROMETHEUS.union(*known.get(part.name, []))
    if isinstance(part, promql.Call) and part.func.name == "histogram_quantile":
        return _labels(part.args[1], known) - {"le"}
    return set().union(*(_labels(each, known) for each in _inside(part)))


def _walk(part: Any) -> Iterator[Any]:
    yield part
    for each in _inside(part):
        yield from _walk(each)


def _inside(part: Any) -> Iterator[Any]:
    for name in _PARTS:
        value = getattr(part, name, None)
        if value is not None:
            yield from value if isinstance(value, list) else [value]
