"""`acende parse PLATFORM COMMAND [FILE]`: what an adapter understands of one raw device reply, as JSON."""

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from vendors.errors import ProvisioningError
from vendors.quoting import hidden, quoted, without_hidden, without_secrets
from vendors.registry import PLATFORMS
from vendors.screen import Beyond, decoded, shown
from worker.cli.failure import Failure, Status
from worker.terminal import json_text, plain

USAGE = """Usage: acende parse PLATFORM COMMAND [FILE]

  Reads one raw device reply from FILE, or from standard input, as captured: echo, pager residue and prompt may be in it.
  Prints as JSON what the adapter understood: every row and field.

  PLATFORM  one of: {platforms}
  COMMAND   the command that was typed, such as 'display ont info 0 1'
  FILE      the reply; - or nothing: standard input

  Status 0: understood, a refusal of the device or "not there" included. Status 3: it cannot be vouched for.
"""
_BYTES_MAX = 64 * 1024 * 1024


def main(arguments: list[str]) -> int:
    """The status; what is understood on standard output, one sentence on standard error otherwise."""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(USAGE.format(platforms=", ".join(PLATFORMS)))
        return Status.DONE
    try:
        sys.stdout.write(understood(*_given(arguments)) + "\n")
    except Failure as failure:
        sys.stderr.write(plain(f"acende parse: {failure}\n"))
        return failure.status
    return Status.DONE


def _given(arguments: list[str]) -> tuple[str, str, str]:
    if not 2 <= len(arguments) <= 3 or any(word.startswith("--") for word in arguments):
        raise Failure("expected PLATFORM COMMAND [FILE]; see acende parse --help", Status.USAGE)
    platform, command, *file = arguments
    return platform, command, file[0] if file else "-"


def understood(platform: str, command: str, file: str) -> str:
    """The JSON of a reply. Raises Failure."""
    if platform not in PLATFORMS:
        raise Failure(f"no such platform; there are: {', '.join(PLATFORMS)}", Status.USAGE)
    raw = _raw(file)
    adapter = import_module(f"{PLATFORMS[platform]}.adapter")
    reply = _LINE_END.sub("\n", decoded(raw))
    secrets = hidden(adapter.PLATFORM, reply) | hidden(adapter.PLATFORM, _screen(raw))
    if not _MOVES.search(reply):  # a pager is recognised by what it writes: a mask must not stand in it
        reply = without_secrets(adapter.PLATFORM, reply, secrets)
    found = without_hidden(adapter.PLATFORM, _parsed(adapter, command, reply, secrets), secrets)
    return json_text(found)


_LINE_END = re.compile(r"\r+\n")
_MOVES = re.compile(r"[\r\b\x1b]")


def _screen(raw: bytes) -> str:
    """The reply as a session sees it: what a pager wrote over is gone, a line ends with no carriage return."""
    try:
        return shown(raw)
    except Beyond:
        return ""


def _raw(file: str) -> bytes:
    try:
        raw = sys.stdin.buffer.read(_BYTES_MAX + 1) if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        raise Failure(f"the reply cannot be read: {reason}", Status.USAGE) from None
    if len(raw) > _BYTES_MAX:
        raise Failure("a reply has at most 64 MB", Status.UNVOUCHED)
    return raw


def _parsed(adapter: Any, command: str, reply: str, secrets: frozenset[str]) -> Any:
    try:
        return adapter.parse(command, reply)
    except ProvisioningError as error:
        said = quoted(adapter.PLATFORM, str(error), secrets=secrets)
        raise Failure(" ".join(said.split())[:500], Status.UNVOUCHED) from None
    except Exception as error:  # noqa: BLE001 - a bug of a parser vouches for nothing; the reply may be any bytes
        place = type(error).__name__
        raise Failure(
            f"a bug in the parser ({place}): nothing can be said of this reply", Status.UNVOUCHED
        ) from None
