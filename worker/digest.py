"""Keyed digests: whether two values are equal, without keeping either."""

import hmac
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr
from pydantic_core import to_json

from events.inputs import InstallStarted

SECRETS = ("pppoe_password", "wifi_key")
"""Fields of `install.started` that hold a password."""
_BESIDES = frozenset({"customer_name", "technician_id", "started_at", "cto", "cto_port", "priority"})
"""Fields of a request that change nothing of what is wanted on an OLT."""


def keyed(key: bytes, text: bytes) -> str:
    """HMAC-SHA-256 of `text`, 32 hex digits of it."""
    return hmac.digest(key, text, "sha256").hex()[:32]


def of_login(username: str, password: SecretStr, key: bytes) -> str:
    """The digest of a credential, by which refusals of it are known again."""
    return keyed(key, to_json([username, password.get_secret_value()]))


def of_request(request: InstallStarted, document: Mapping[str, Any], key: bytes) -> str:
    """The digest of what a request wants, passwords included: equal for equal wishes. `document` is it without them."""
    wanted = {name: document[name] for name in sorted(document) if name not in _BESIDES}
    for name in SECRETS:
        if secret := getattr(request, name):
            wanted[name] = secret.get_secret_value()
    return keyed(key, to_json(wanted))
