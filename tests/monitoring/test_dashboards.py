"""The dashboards are what the code says, ask for what there is, and each panel says what it is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dev.dashboards import __main__ as dashboards
from dev.dashboards.queries import PanelQuery, every
from tests.monitoring.rules.shipped import unknown_parts


def test_the_dashboards_are_fresh() -> None:
    assert dashboards.stale() == [], "run make dashboards"
    assert dashboards.main(["--check"]) == 0


def test_a_changed_a_missing_and_a_foreign_dashboard_are_stale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dashboards.main([], tmp_path) == 0
    assert dashboards.stale(tmp_path) == []
    folder = tmp_path / dashboards.FOLDER
    (folder / "acende-olt.json").write_text("{}")
    (folder / "acende-fleet.json").unlink()
    (folder / "old.json").write_text("{}")
    assert dashboards.main(["--check"], tmp_path) == 1
    stale = [line.split()[0].rpartition("/")[2] for line in capsys.readouterr().err.splitlines()]
    assert stale == ["acende-fleet.json", "acende-olt.json", "old.json"]


def panels() -> list[Any]:
    return [
        pytest.param(panel, id=f"{uid}: {panel['title']}")
        for uid, content in dashboards.boards()
        for panel in content["panels"]
        if panel["type"] != "row"
    ]


@pytest.mark.parametrize("panel", panels())
def test_each_panel_says_what_it_is_for_and_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith((".", "?"))
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"]["uid"] == "${datasource}"
    assert panel["targets"]


@pytest.mark.parametrize("content", [pytest.param(content, id=uid) for uid, content in dashboards.boards()])
def test_each_panel_has_its_own_number_and_place(content: dict[str, Any]) -> None:
    numbers = [panel["id"] for panel in content["panels"]]
    assert numbers == list(range(1, len(numbers) + 1))
    taken: set[tuple[int, int]] = set()
    for panel in content["panels"]:
        at = {"x": 0, "y": 0, **panel["gridPos"]}
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert all(x < 24 for x, _ in cells), panel["title"]
        taken |= cells


@pytest.mark.parametrize("query", list(every()), ids=lambda query: f"{query.dashboard}: {query.panel}")
def test_each_query_asks_for_series_and_labels_that_there_are(query: PanelQuery) -> None:
    assert unknown_parts(query.expr) == []
    chosen = query.filled({"namespace": ".*", "olt": "olt-a", "__rate_interval": "1m"})
    assert "$" not in chosen
