"""Logs: structlog, one JSON object a line, one line per outcome; no secret passes.

Secrets are masked three ways: members whose name says so, the settings' own secrets wherever they stand, and exceptions
of libraries, of which only type and place are kept (their messages may repeat what was given to them).
"""

import logging
import re
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import unquote

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

from schemas.text import MASK
from vendors.contract import Platform
from vendors.errors import ProvisioningError
from vendors.quoting import told
from worker import tracing
from worker.settings import Settings
from worker.terminal import escaped

_SECRET_NAME = re.compile(
    r"(?i)passw|senha|secret|token|credential|digest_key|wifi_?key|private_?key|(^|_)psk$|authorization|database_url|dsn"
)
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
_TRUSTED = ("vendors.", "worker.", "events.", "schemas.", "aiokafka.errors")
"""Packages whose exceptions' messages are known to hold no secret."""
_CHATTY = ("aiokafka", "alembic", "asyncio", "asyncssh", "httpx", "scrapli", "sqlalchemy", "uvicorn")
_MUTE = ("faststream",)
"""It warns of what is meant, says each batch, and brings a handler of its own, which prints tracebacks as they are. Of an
exception it repeats the message, which may hold part of a record."""

_OURS = ("worker", "vendors", "events", "schemas")
"""Whoever else writes is a library: it says the same for as long as a broker is away, or once for each connection."""
_STATES = frozenset(
    {
        "http_connection_closed",
        "kafka_unavailable",
        "publish_retried",
        "record_set_aside",
        "store_faulty",
        "store_unavailable",
    }
)
"""What we say again and again for as long as a state lasts, or of each of many records."""
_APART = ("loop", "olt", "topic", "code", "error", "reason", "why")
"""Members of ours by which such lines are told apart."""
_MINUTE_S = 60.0
_FLOOD = 20
"""Lines of any other kind of ours in a minute: of each order that meets the same bug, say."""
_KINDS_MOST = 10
_LEFT_OUT = "lines_left_out"

_ANY = Platform(name="any", prompt="")
"""Of an error alone nobody knows which platform it quotes."""

Kind = tuple[str, ...]
Exc = tuple[type[BaseException], BaseException, TracebackType | None]


class Redactor:
    """A processor that masks secrets in every member of a log line, at any depth."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        longest_first = sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        for name, value in line.items():
            line[name] = self._member(name, value)
        return line

    def _member(self, name: object, value: object) -> object:
        if isinstance(value, SecretStr | bytes) or (
            isinstance(name, str) and _SECRET_NAME.search(name) and value
        ):
            return MASK
        return self._value(value)

    def _value(self, value: object) -> object:
        if isinstance(value, Mapping):
            return {name: self._member(name, member) for name, member in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._member("", member) for member in value]
        return value if value is None or isinstance(value, bool | int | float) else self.text(str(value))

    def text(self, text: str) -> str:
        """`text` with the settings' secrets and the user part of addresses masked."""
        text = _USERINFO.sub(f"{MASK}@", text)
        return self._secrets.sub(MASK, text) if self._secrets else text


def describe(error: BaseException) -> dict[str, Any]:
    """Type, place and causes of an exception; its message only where its class is known to hold no secret there."""
    chain: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < 5:
        chain.append(_one(cause))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return {"error": chain[0], "causes": chain[1:], "at": _frames(error.__traceback__)}


def _one(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, OSError):
        return f"{kind}: {error.strerror}" if error.strerror else kind
    if isinstance(error, ProvisioningError):
        return f"{kind}: {told(_ANY, str(error))}"
    return f"{kind}: {error}" if kind.startswith(_TRUSTED) else kind


def _frames(trace: TracebackType | None, most: int = 12) -> list[str]:
    frames = traceback.extract_tb(trace)[-most:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _exceptions(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Replace `exc_info` by what `describe` keeps of it."""
    given = line.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        line.update(describe(error))
    return line


def _untold(record: logging.LogRecord) -> bool:
    """Leave of a library's line only that something was raised; `describe` tells what."""
    if record.exc_info:
        record.msg, record.args = "library_raised", ()
    return True


@dataclass
class _Told:
    """Of a kind of line: when its minute began, how many were written in it, and how many left out."""

    since: float
    written: int = 1
    left_out: int = 0


class Seldom(logging.Filter):
    """Of warnings and errors that repeat themselves, the first of each kind at once, and how many came in each minute.

    What libraries say, and what we say while a state lasts, is written once a minute, with how many were `left_out` in
    between; of any other kind of ours there are twenty. Where a kind falls silent, `lines_left_out` tells how many there
    were. Lines are of a kind that have the same text, but for the message of an exception; of one template at most ten are
    told apart.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, tell: Callable[[Kind, int], None] | None = None
    ) -> None:
        super().__init__()
        self._clock, self._tell = clock, tell or _tell_left_out
        self._kinds: dict[Kind, _Told] = {}
        self._variants: Counter[Kind] = Counter()
        self._looked = 0.0
        self._one = threading.RLock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        ours: Any = record.msg if isinstance(record.msg, dict) else {}
        library = record.name.partition(".")[0] not in _OURS
        if library and record.levelno > logging.ERROR:
            # It has lost one connection, and whoever uses it tells of that.
            record.levelno, record.levelname = logging.ERROR, logging.getLevelName(logging.ERROR)
        if record.levelno < logging.WARNING or ours.get("event") == _LEFT_OUT:
            return True
        with self._one:
            now = self._clock()
            self._tell_silent(now)
            state = library or ours.get("event") in _STATES
            kind = (
                self._kind(record, ours) if state else (record.name, record.levelname, str(ours.get("event")))
            )
            return self._may(kind, now, 1 if state else _FLOOD, record, ours)

    def _may(self, kind: Kind, now: float, most: int, record: logging.LogRecord, ours: Any) -> bool:
        lines = self._kinds.get(kind)
        if lines is None or now - lines.since >= _MINUTE_S:
            left_out = lines.left_out if lines else 0
            self._kinds[kind] = _Told(now)
            if left_out and ours:
                ours["left_out"] = left_out
            elif left_out:
                record.left_out = left_out
            return True
        if lines.written < most:
            lines.written += 1
            return True
        lines.left_out += 1
        return False

    def _tell_silent(self, now: float) -> None:
        """Tell of kinds that have been silent for a minute how many lines were left out."""
        if now - self._looked < _MINUTE_S:
            return
        self._looked = now
        for kind, lines in self._kinds.items():
            if lines.left_out and now - lines.since >= 2 * _MINUTE_S:
                count, lines.left_out = lines.left_out, 0
                self._tell(kind, count)

    def _kind(self, record: logging.LogRecord, ours: Mapping[str, Any]) -> Kind:
        told = record.msg if record.args else ours.get("event", "")
        template: Kind = (record.name, record.levelname, str(told))
        args = record.args or (tuple(ours.get(name) for name in _APART) if ours else (record.msg,))
        given = args if isinstance(args, tuple) else (args,)
        kind = (*template, *map(_without_message, given))
        if kind in self._kinds:
            return kind
        self._variants[template] += 1
        return kind if self._variants[template] <= _KINDS_MOST else template


def _tell_left_out(kind: Kind, count: int) -> None:
    name, level, *said = kind
    log = structlog.get_logger(__name__)
    log.warning(_LEFT_OUT, of=name, of_level=level.lower(), said=" ".join(said[:1]), left_out=count)


def _without_message(value: object) -> str:
    return type(value).__name__ if isinstance(value, BaseException) else str(value)


def _one_line(_logger: WrappedLogger, _method: str, line: str) -> str:
    """A line is one, and nothing in it moves a terminal's cursor."""
    return escaped(line).replace("\n", r"\n")


_NO_TOPIC = re.compile(
    r"(?i)no partition metadata for topic|topic \S{1,249} (?:is )?not (?:found|available)|unknown_?topic_?or_?part"
)


def _hint(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Say with a line about a topic that is not there what makes it."""
    if _NO_TOPIC.search(f"{line.get('event', '')} {line.get('error', '')}"):
        line["hint"] = "acende topics --create"
    return line


def _trace(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Add the trace in which the line is written, where it is sampled."""
    line.update(tracing.exemplar() or {})
    return line


def secrets_of(settings: Settings) -> list[str]:
    """Every secret that the settings hold, in the clear: for the redactor only."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    # A database URL is no secret as a whole: its default stands in every installation.
    return [secret for secret in secrets if "://" not in secret] + _url_passwords(secrets)


_URL_PASSWORD = re.compile(r"://[^/:@\s]*:(\S+)@|[?&]password=([^&\s]+)")


def _url_passwords(secrets: list[str]) -> list[str]:
    """The passwords of URLs, up to the last @, as they are written and as they are meant."""
    found = (match[1] or match[2] for secret in secrets for match in _URL_PASSWORD.finditer(secret))
    return [spelt for password in found for spelt in (password, unquote(password))]


def set_up(settings: Settings, stream: TextIO | None = None) -> None:
    """Send structlog's and every library's lines to `stream` (standard error), in one form, redacted."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace,
        _exceptions,
        _hint,
        Redactor(secrets_of(settings)),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(Seldom())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer, _one_line],  # type: ignore[list-item] # of the rendered line
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # At debug these libraries log what they carry: records, commands, parameters.
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _MUTE:
        logger = logging.getLogger(name)
        logger.setLevel(logging.ERROR)
        logger.handlers[:], logger.filters[:], logger.propagate = [], [_untold], True
    logging.captureWarnings(capture=True)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger. `name` becomes the member `logger`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
