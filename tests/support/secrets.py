"""Passwords to plant in tests, and the search for them in everything that the suite prints.

Use these wherever a test needs a password. tests/support/leaks.py fails the test in whose output one shows up.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote

PPPOE_PASSWORD = "plantada-pppoe-Zr9K7Qx4"
WIFI_KEY = "plantada-wifi-Vt8BdLm3"
OLT_PASSWORD = "plantada-olt-Hq5WnYc2"
ENABLE_PASSWORD = "plantada-enable-Gk6TsJp8"
SASL_PASSWORD = "plantada-sasl-Xf2MvRb7"
DATABASE_PASSWORD = "plantada-banco-Nd4PwLz9"
FOREIGN_PASSWORD = "plantada-alheia-Cy3HgUe5"
"""Another customer's, in what a device shows."""

PLANTED = {
    "PPPOE_PASSWORD": PPPOE_PASSWORD,
    "WIFI_KEY": WIFI_KEY,
    "OLT_PASSWORD": OLT_PASSWORD,
    "ENABLE_PASSWORD": ENABLE_PASSWORD,
    "SASL_PASSWORD": SASL_PASSWORD,
    "DATABASE_PASSWORD": DATABASE_PASSWORD,
    "FOREIGN_PASSWORD": FOREIGN_PASSWORD,
}

PEOPLE = {
    "CUSTOMER": "Genoveva Albuquerque",
    "LOGIN": "genoveva.albuquerque@fibra.example",
    "NETWORK": "CasaGenoveva",
    "NEIGHBOUR": "JOSEFINA QUINTANILHA",
    "STREET": "Rua das Jabuticabeiras 741",
    "NEIGHBOURS_LOGIN": "quintanilha@fibra.example",
}
"""An order's customer, and another one in what a device shows: planted where it is searched for who is named."""
_TELLING = {
    "CUSTOMER": ("genoveva", "albuquerque"),
    "NEIGHBOUR": ("josefina", "quintanilha"),
    "STREET": ("jabuticabeiras",),
}


def named(text: str | bytes) -> list[str]:
    """Names of the planted people that `text` holds any part of, its case aside."""
    folded = (text.decode(errors="replace") if isinstance(text, bytes) else text).casefold()
    return [name for name, words in _TELLING.items() if any(word in folded for word in words)]


def disguises(secret: str) -> Iterator[str]:
    """`secret` as it stands, percent-encoded, in hex, and inside base64 at each of the three offsets."""
    plain = secret.encode()
    yield secret
    yield quote(secret, safe="")
    yield plain.hex()
    for shift in range(3):
        whole = b64encode(b"\0" * shift + plain).decode()
        yield whole[(4 if shift else 0) : len(whole) // 4 * 4 - 4]


DISGUISES = {name: tuple(dict.fromkeys(disguises(secret))) for name, secret in PLANTED.items()}


def leaked(text: str) -> list[str]:
    """Names of the planted passwords that `text` holds, in whatever disguise, its case aside."""
    folded = text.casefold()
    return [name for name, forms in DISGUISES.items() if any(form.casefold() in folded for form in forms)]


def without_secrets(text: str) -> str:
    """`text` with every planted password replaced by its name."""
    for name, form in chain.from_iterable(
        ((name, form) for form in forms) for name, forms in DISGUISES.items()
    ):
        text = text.replace(form, f"<{name}>")
    return text
