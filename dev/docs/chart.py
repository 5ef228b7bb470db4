"""helm/acende/README.md, and what values.schema.json knows of settings and configuration files."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel

from dev.machine import ROOT
from schemas.inventory import Inventory
from schemas.services import Services
from worker.settings import PREFIX, Settings

CHART = ROOT / "helm/acende"
_FILES = "files."
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_NUMBERS = {"integer": "^[0-9]+$", "number": r"^[0-9]+(\.[0-9]+)?$"}

# ------------------------------------------------------------------------------------------------ values.schema.json


def schema() -> str:
    """values.schema.json: as it is written, with what settings and files are now."""
    found = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    defs = {name: one for name, one in found["$defs"].items() if not name.startswith(_FILES)}
    found["properties"]["settings"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(sorted(_settings())),
    }
    found["properties"]["inventory"] = _file(Inventory, defs)
    found["properties"]["services"] = _members(Services)
    found["$defs"] = defs
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _settings() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in Settings.model_json_schema()["properties"].items():
        yield f"{PREFIX}{name.upper()}", {"description": field["description"], **_setting(field)}


def _setting(field: Mapping[str, Any]) -> dict[str, Any]:
    """A number may be written as one, or as text; a negative one is refused either way."""
    kind = next((one for one in field.get("anyOf", ()) if one["type"] != "null"), field)
    if kind["type"] in _NUMBERS:
        bounds = {name: kind[name] for name in _BOUNDS if name in kind}
        return {"type": [kind["type"], "string"], **bounds, "pattern": _NUMBERS[kind["type"]]}
    if kind["type"] == "boolean":
        return {"enum": [True, False, "true", "false"]}
    return {"enum": kind["enum"]} if "enum" in kind else {"type": "string"}


def _file(model: type[BaseModel], defs: dict[str, Any]) -> dict[str, Any]:
    """A file as its model says, or nothing. Its parts go to `defs`."""
    made = model.model_json_schema(ref_template=f"#/$defs/{_FILES}{{model}}")
    defs |= {f"{_FILES}{name}": one for name, one in made.pop("$defs").items()}
    defs[f"{_FILES}{model.__name__}"] = made
    whole = {"$ref": f"#/$defs/{_FILES}{model.__name__}"}
    return {"type": "object", "if": {"minProperties": 1}, "then": whole}


def _members(model: type[BaseModel]) -> dict[str, Any]:
    """A file whose short forms a schema cannot tell: its members are named, `acende config check` judges the rest."""
    kinds = {name: "array" if "items" in one else "object" for name, one in _properties(model).items()}
    members = {name: {"type": kind} for name, kind in kinds.items()}
    return {"type": "object", "additionalProperties": False, "properties": members}


def _properties(model: type[BaseModel]) -> dict[str, Any]:
    found: dict[str, Any] = model.model_json_schema()["properties"]
    return found


# --------------------------------------------------------------------------------------------------------- README.md


@dataclass(frozen=True)
class Value:
    """One value of values.yaml: its path, what stands there and what is said of it, in a section."""

    path: str
    default: Any
    meaning: str
    section: str


def readme() -> str:
    """README.md: the text of README.md.in, every value with its meaning, every combination that is tested."""
    made = {"<!-- values -->": _tables(), "<!-- combinations -->": _combinations()}
    text = (CHART / "README.md.in").read_text("utf-8")
    for mark, part in made.items():
        text = text.replace(mark, part)
    return text


def values(text: str) -> list[Value]:
    """Every value of a values.yaml. Raises ValueError for one of which nothing is said."""
    lines = text.splitlines()
    titles = [(number, line.removeprefix("# === ")) for number, line in enumerate(lines) if "# === " in line]
    found = list(_values(yaml.compose(text), "", lines, titles))
    if silent := [one.path for one in found if not one.meaning]:
        raise ValueError(f"values.yaml says nothing of {', '.join(silent)}")
    return found


def _values(node: Any, above: str, lines: list[str], titles: list[tuple[int, str]]) -> Iterator[Value]:
    for key, value in node.value:
        path, line = f"{above}{key.value}", key.start_mark.line
        meaning = _comment(lines, line)
        if isinstance(value, yaml.MappingNode) and value.value and not meaning:
            yield from _values(value, f"{path}.", lines, titles)
        else:
            section = [title for at, title in titles if at < line][-1]
            yield Value(path, yaml.SafeLoader("").construct_object(value, deep=True), meaning, section)


def _comment(lines: list[str], line: int) -> str:
    """What stands above a line, from `# --` on."""
    said: list[str] = []
    for above in reversed(lines[:line]):
        if not (found := re.fullmatch(r"\s*# (--)?\s*(.*)", above)):
            break
        said.insert(0, found[2])
        if found[1]:
            return " ".join(said)
    return ""


def _tables() -> str:
    every = values((CHART / "values.yaml").read_text("utf-8"))
    parts = []
    for section in dict.fromkeys(one.section for one in every):
        rows = [_row(one) for one in every if one.section == section]
        parts.append(f"### {section}\n\n| value | default | meaning |\n|---|---|---|\n" + "".join(rows))
    return "\n".join(parts).rstrip("\n")


def _row(value: Value) -> str:
    cells = (f"`{value.path}`", f"`{json.dumps(value.default, ensure_ascii=False)}`", value.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _combinations() -> str:
    rows = []
    for file in sorted((CHART / "ci").glob("*-values.yaml")):
        about = [line[2:] for line in file.read_text("utf-8").splitlines() if line.startswith("# ")]
        rows.append(f"| [{file.name}](ci/{file.name}) | {about[0]} |\n")
    return "| file | what it is |\n|---|---|\n" + "".join(rows).rstrip("\n")
