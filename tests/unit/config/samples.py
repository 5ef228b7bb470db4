"""Configurations in YAML: each builder states only what differs."""

from __future__ import annotations

import base64
from typing import Any

from schemas.configuration import Configuration
from schemas.inventory import Inventory
from schemas.services import Services
from schemas.yaml import ConfigError, parse, validate
from vendors.catalog import shipped

HOST_KEY = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + b"k" * 32).decode()
INVENTORY = f"""
credentials:
  default:
    username: {{env: OLT_USER}}
    password: {{env: OLT_PASSWORD}}
olts:
  - {{id: olt-a, site: centro, platform: huawei_smartax, address: 10.0.0.1, host_key: {HOST_KEY}}}
  - {{id: olt-b, site: norte, platform: zte_zxan, address: 10.0.0.2, transport: telnet}}
"""
SERVICES = """
models:
  - name: tudo
    give: {line_profile: 10, service_profile: 20}
"""


def inventory(text: str = INVENTORY) -> Inventory:
    return validate(parse(text, "inventory.yaml"), Inventory)


def services(text: str = SERVICES) -> Services:
    return validate(parse(text, "services.yaml"), Services)


def configuration(given: str = SERVICES, olts: str = INVENTORY) -> Configuration:
    return Configuration(inventory(olts), services(given), shipped())


def failure(text: str | bytes, model: Any = None) -> ConfigError | None:
    """The error that reading the text ends in, if it does."""
    try:
        document = parse(text, "f.yaml")
        if model is not None:
            validate(document, model)
    except ConfigError as error:
        return error
    return None


def problems(text: str | bytes, model: Any = None) -> list[str]:
    """What is wrong with the text, as `line: where: expected`."""
    error = failure(text, model)
    if error is None:
        return []
    assert str(error).splitlines() == [str(problem) for problem in error.problems]
    return [str(problem).removeprefix("f.yaml:").strip() for problem in error.problems]
