"""Reason codes as they are typed."""

from difflib import get_close_matches

from events.reasons import REASONS
from worker.cli.failure import Failure, Status


def known(code: str | None) -> str | None:
    """The code. Raises Failure, with the nearest, for one that there is not: nothing could ever be found with it."""
    if code is None or code in REASONS:
        return code
    near = get_close_matches(code, REASONS, 1)
    nearest = f"; the nearest is {near[0]}" if near else ""
    raise Failure(
        f"there is no reason code {code!r}{nearest}: docs/suporte/motivos.md lists them", Status.USAGE
    )
