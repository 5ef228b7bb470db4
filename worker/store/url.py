"""The database's URL: what is taken of it, and texts without any part of it, for a part may be a piece of a password."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo, timeout_from_conninfo
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from schemas.text import MASK

_SQLITE_OPTIONS = {"timeout", "isolation_level", "detect_types", "check_same_thread", "cached_statements"}
_APART = re.compile(r"[@:/?&=#,;%+\[\]\s]+")
_PIECE_MIN = 3
"""A shorter piece of a part tells nothing, and stands in every text."""


def parse_url(url: str) -> URL:
    """A URL with the driver that we use. Raises ValueError, which repeats no part of it: it may hold a password."""
    try:
        target = make_url(url)
    except (SQLAlchemyError, ValueError):
        raise ValueError(
            "the database URL cannot be read: expected sqlite:///FILE or"
            f" postgresql+psycopg://user:password@host:port/name. {_QUOTE}"
        ) from None
    kind = target.get_backend_name()
    if kind == "sqlite" and target.database and target.database != ":memory:":
        return _of_file(target.set(drivername="sqlite+pysqlite"))
    if kind in {"postgresql", "postgres"}:
        return _of_server(target.set(drivername="postgresql+psycopg"))
    raise ValueError("the database is SQLite in a file (sqlite:///FILE) or PostgreSQL (postgresql://…)")


_QUOTE = "In a user's name or password, write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25."


def _of_file(url: URL) -> URL:
    if url.host or url.username or url.password or url.port:
        raise ValueError("the database URL of SQLite names a file and no host: sqlite:///FILE")
    if "uri" not in url.query:  # SQLAlchemy passes over what pysqlite does not take, and warns of it by name
        url = url.difference_update_query(set(url.query) - _SQLITE_OPTIONS)
    _arguments(url)
    return url


def _of_server(url: URL) -> URL:
    options = _arguments(url)
    for host in str(options.get("host") or "").split(","):
        if host and not host.startswith("/"):
            _require_host(host)
    if url.port is not None and not 0 < url.port < 65536:
        raise ValueError("the database URL's port is a number from 1 to 65535")
    try:
        timeout_from_conninfo(conninfo_to_dict(make_conninfo(**options)))
    except psycopg.Error:
        raise ValueError(_OPTION) from None
    return url


_OPTION = "the database URL has an option behind its ? that its database does not take"


def _arguments(url: URL) -> dict[str, Any]:
    """What its driver is given. Raises ValueError."""
    try:
        arguments = url.get_dialect()().create_connect_args(url)[1]
    except (SQLAlchemyError, ValueError, TypeError):
        raise ValueError(_OPTION) from None
    if any(isinstance(value, tuple) for value in arguments.values()):
        raise ValueError("the database URL has an option behind its ? that is given twice")
    return dict(arguments)


def _require_host(host: str) -> None:
    try:
        host.encode("idna")
        printable = host.isprintable()
    except UnicodeError:
        printable = False
    if not printable or "@" in host or " " in host:
        raise ValueError(f"the database URL's host is no name of a host. {_QUOTE}")


@lru_cache(maxsize=8)
def unquoted(url: URL) -> Callable[[str], str]:
    """What takes every part of `url` (host, port, name, user, password, values of options) out of a library's text.

    Of a SQLite URL the file's name stays: `parse_url` lets nothing else pass.
    """
    found = None if url.get_backend_name() == "sqlite" else _expression(set(_parts(url)))
    return partial(found.sub, MASK) if found else str


def _expression(parts: set[str]) -> re.Pattern[str] | None:
    longest_first = sorted(parts, key=len, reverse=True)
    words = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE) if words else None


def _parts(url: URL) -> Iterator[str]:
    values = [url.username, url.password, url.host, url.database, url.port, *_values(url)]
    for value in (str(one) for one in values if one not in {None, ""}):
        for spelt in {value, unquote(value)}:
            yield spelt
            yield from (piece for piece in _APART.split(spelt) if len(piece) >= _PIECE_MIN)


def _values(url: URL) -> Iterator[str]:
    for value in url.query.values():
        yield from [value] if isinstance(value, str) else value
