"""Metrics as Prometheus reads them: names with their labels."""

import re
from collections.abc import Iterable

from prometheus_client.parser import text_string_to_metric_families

Sample = tuple[str, dict[str, str], float]


def samples(text: str) -> list[Sample]:
    """Return the samples of a scrape."""
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def total(found: Iterable[Sample], name: str, **labels: str) -> float:
    """Return the sum of a metric over the samples that carry these labels."""
    return sum(
        value for each, has, value in found if each == name and labels.items() <= has.items()
    )


# --- What an expression of PromQL asks for -------------------------------------------------------

NAME = re.compile(r"\b((?:portal_|up\b)\w*)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\bby \(([^)]*)\)")
# Of the target that was asked, not of the portal.
OF_TARGET = frozenset({"job", "instance"})


def asked(expression: str) -> tuple[dict[str, set[str]], set[str]]:
    """Return the metrics of an expression with the labels each is chosen by, and those it groups by."""
    metrics: dict[str, set[str]] = {}
    for name, matchers in NAME.findall(expression):
        chosen = re.findall(r"(\w+)\s*[=!]", re.sub(r'"[^"]*"', '""', matchers))
        metrics.setdefault(name, set()).update(chosen)
    grouped = {label.strip() for part in GROUPED.findall(expression) for label in part.split(",")}
    return metrics, grouped - {""}


def lacking(expression: str, found: Iterable[Sample]) -> list[str]:
    """Name the metrics and labels that an expression asks for and no sample has."""
    labels: dict[str, set[str]] = {"up": set()}
    for name, has, _ in found:
        labels.setdefault(name, set()).update(has)
    metrics, grouped = asked(expression)
    missing = [name for name in metrics if name not in labels]
    known = {name: labels[name] | OF_TARGET for name in metrics if name in labels}
    missing += [
        f"{name}{{{label}}}" for name, has in known.items() for label in sorted(metrics[name] - has)
    ]
    anywhere = set().union(*known.values()) if known else set()
    return missing + [f"by ({label})" for label in sorted(grouped - anywhere)]
