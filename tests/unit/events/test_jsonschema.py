"""The published schemas are what the models say."""

from __future__ import annotations

from pathlib import Path

import pytest

from events import jsonschema as published


def test_the_published_schemas_are_fresh() -> None:
    assert published.stale() == [], "run python -m events.jsonschema"
    assert published.main(["--check"]) == 0


def test_a_changed_a_missing_and_a_foreign_file_are_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "FOLDER", tmp_path)
    published.write(tmp_path)
    assert published.stale(tmp_path) == []
    (tmp_path / "acende.install.started.v1.json").write_text("{}")
    (tmp_path / "acende.install.cancelled.v1.json").unlink()
    (tmp_path / "acende.install.started.v0.json").write_text("{}")
    stale = [
        "acende.install.cancelled.v1.json",
        "acende.install.started.v0.json",
        "acende.install.started.v1.json",
    ]
    assert published.stale(tmp_path) == stale
    published.write(tmp_path)
    assert published.stale(tmp_path) == []


def test_two_runs_write_the_same_bytes() -> None:
    assert list(published.files()) == list(published.files())


def test_an_unknown_argument_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert published.main(["--chek"]) == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_secrets_are_marked_in_the_schema() -> None:
    members = published.schema("acende.install.started.v1")["$defs"]["InstallStarted"]["properties"]
    for name, longest in (("pppoe_password", 64), ("wifi_key", 63)):
        [text] = [branch for branch in members[name]["anyOf"] if branch["type"] == "string"]
        assert (text["format"], text["writeOnly"], text["maxLength"]) == ("password", True, longest)
