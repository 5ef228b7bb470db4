"""Every query of every dashboard, for tests that ask a real Prometheus."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dev.dashboards import __main__ as dashboards

_VARIABLE = re.compile(r"\$\{?([A-Za-z_]+)(?::\w+)?\}?")
_LABEL_VALUES = re.compile(r"label_values\((.+), (\w+)\)")


@dataclass(frozen=True)
class PanelQuery:
    """One query. `panel`: the panel's title, or what else asks: a choice or the alerts drawn over all panels."""

    dashboard: str
    panel: str
    expr: str

    @property
    def variables(self) -> frozenset[str]:
        """Names of the variables in it, without `$`: those of the dashboard and Grafana's own."""
        return frozenset(_VARIABLE.findall(self.expr))

    def filled(self, values: Mapping[str, str]) -> str:
        """PromQL with each variable's value in its place, such as `{"namespace": ".*", "__rate_interval": "1m"}`.

        Raises KeyError for a variable without a value.
        """
        return _VARIABLE.sub(lambda match: values[match[1]], self.expr)


def every() -> Iterator[PanelQuery]:
    """The queries of all panels, and those that fill the choices; by dashboard, in their order there."""
    for board, content in dashboards.boards():
        for choice in content["templating"]["list"]:
            if choice["type"] == "query":
                yield PanelQuery(board, f"choice {choice['name']}", _promql(choice["query"]))
        for panel in content["panels"]:
            yield from (PanelQuery(board, panel["title"], target["expr"]) for target in _targets(panel))


def _targets(panel: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(panel.get("targets", ()))


def _promql(query: str) -> str:
    """What Grafana's `label_values` asks, as PromQL."""
    found = _LABEL_VALUES.fullmatch(query)
    if found is None:
        raise ValueError(f"no label_values(…): {query}")
    return f"group by ({found[2]}) ({found[1]})"
