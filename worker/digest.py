"""Keyed digests: whether two values are equal, without keeping either."""

import hashlib
import hmac
import json

from events.inputs import InstallStarted

_BESIDES = frozenset({"customer_name", "technician_id", "started_at", "cto", "cto_port", "priority"})
"""Fields of a request that change nothing of what is wanted on an OLT."""


def keyed(key: bytes, text: str) -> str:
    """HMAC-SHA-256 of `text`, 32 hex digits of it."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def of_request(request: InstallStarted, key: bytes) -> str:
    """The digest of what a request wants, passwords included: equal for equal wishes."""
    wanted = request.model_dump(mode="json", exclude=set(_BESIDES), exclude_none=True)
    for name in ("pppoe_password", "wifi_key"):
        if secret := getattr(request, name):
            wanted[name] = secret.get_secret_value()
    return keyed(key, json.dumps(wanted, sort_keys=True, separators=(",", ":")))
