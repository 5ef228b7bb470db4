"""Values in `services.yaml` that may refer to variables: `${pppoe_vlan}`, `fibra-${speed}`."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidatorFunctionWrapHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

REFERENCE = re.compile(r"\$\{([^{}]*)\}")
REFERENCES = "references"
"""In a JSON Schema: a text with `${references}` is accepted too."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
Value = int | str


class UndefinedVariable(KeyError):
    """A reference to a variable that has no value here; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class OrReference:
    """Annotation: a text with `${references}` is accepted in place of the type and judged when it is filled."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        anything = core_schema.simple_ser_schema("any")
        return core_schema.no_info_wrap_validator_function(
            _keep_references, handler(source), serialization=anything
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), REFERENCES: True}


def _keep_references(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    if not isinstance(value, str) or "${" not in value:
        return handler(value)
    names = REFERENCE.findall(value)
    if not names or not all(map(_NAME.fullmatch, names)) or REFERENCE.sub("", value).count("$"):
        raise ValueError("a reference is written ${name}: lower case letters, digits and _")
    return value


def references(tree: Any) -> frozenset[str]:
    """Names of every variable that `tree` refers to."""
    if isinstance(tree, str):
        return frozenset(REFERENCE.findall(tree))
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list | tuple) else ()
    return frozenset().union(*map(references, parts))


def fill(tree: Any, variables: Mapping[str, Value]) -> Any:
    """`tree` with its references replaced by the variables' text. Raises UndefinedVariable."""
    if isinstance(tree, str):
        return REFERENCE.sub(lambda match: str(_value(match[1], variables)), tree)
    if isinstance(tree, dict):
        return {name: fill(value, variables) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return tuple(fill(value, variables) for value in tree)
    return tree


def _value(name: str, variables: Mapping[str, Value]) -> Value:
    if name not in variables:
        raise UndefinedVariable(name)
    return variables[name]
