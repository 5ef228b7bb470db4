"""Credentials by reference: from environment variables and files to who logs in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from schemas.inventory import Credentials, Inventory, SecretRef


class CredentialMissing(ValueError):
    """A reference leads nowhere; the message names the variable or file, never a value."""


@dataclass(frozen=True)
class Login:
    """Who logs in."""

    username: str
    password: SecretStr
    enable_password: SecretStr | None = None


def read_login(credentials: Credentials, environ: Mapping[str, str]) -> Login:
    """The account behind the references, read now. Raises CredentialMissing."""
    enable = credentials.enable_password
    return Login(
        username=_read(credentials.username, environ),
        password=SecretStr(_read(credentials.password, environ)),
        enable_password=SecretStr(_read(enable, environ)) if enable else None,
    )


def missing(inventory: Inventory, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Credentials that OLTs use and whose references lead nowhere: their name, and why."""
    for name in sorted({olt.credentials for olt in inventory.olts}):
        try:
            read_login(inventory.credentials[name], environ)
        except CredentialMissing as error:
            yield name, str(error)


def _read(reference: SecretRef, environ: Mapping[str, str]) -> str:
    if reference.env is not None:
        return _named(environ.get(reference.env), f"the environment variable {reference.env} is not set")
    try:
        lines = Path(reference.file or "").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialMissing(f"{reference.file} cannot be read ({type(error).__name__})") from None
    return _named(lines[0] if lines else None, f"{reference.file} is empty")


def _named(value: str | None, otherwise: str) -> str:
    if not value:
        raise CredentialMissing(otherwise)
    return value
