"""Every exception of the libraries means one of ours, and no more than it says."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator

import asyncssh
import pytest
import scrapli
import scrapli.exceptions

from vendors.errors import HostKeyChanged, LoginRefused, OltBusy, OltUnreachable, ProvisioningError
from vendors.session import _ours, as_ours


def _families() -> Iterator[type[BaseException]]:
    """Every exception class of what `vendors.session` has loaded of the two libraries, and the system's."""
    loaded = [
        module for name, module in list(sys.modules.items()) if name.split(".")[0] in {"asyncssh", "scrapli"}
    ]
    for module in loaded:
        for value in list(vars(module).values()):
            if isinstance(value, type) and issubclass(value, BaseException):
                yield value
    yield from (OSError, ConnectionResetError, TimeoutError, socket.gaierror, EOFError, ValueError)


NOT_THEIRS = {BaseException, asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit}
FAMILIES = sorted(set(_families()) - NOT_THEIRS, key=lambda family: (family.__module__, family.__name__))


def _made(family: type[BaseException]) -> BaseException:
    for arguments in ((), ("reason",), (1, "reason"), ("a", "b", "c"), ("a", "b", "c", "d")):
        try:
            return family(*arguments)
        except TypeError:
            continue
    made: BaseException = family.__new__(family)
    return made


def test_the_walk_finds_what_there_is() -> None:
    names = {family.__name__ for family in FAMILIES}
    assert {"PermissionDenied", "HostKeyNotVerifiable", "ConnectionLost", "ChannelOpenError"} <= names
    assert {"ScrapliTimeout", "ScrapliAuthenticationFailed", "ScrapliConnectionError"} <= names
    assert len(FAMILIES) > 30


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: f"{family.__module__}.{family.__name__}")
def test_no_exception_of_the_libraries_is_unmapped(family: type[BaseException]) -> None:
    error = _made(family)
    assert isinstance(error, Exception), "nothing of theirs is more than an Exception"
    with pytest.raises(ProvisioningError) as ours, _ours():
        raise error
    assert ours.value.__cause__ is error


def test_only_what_says_so_is_a_refused_login_or_a_changed_key() -> None:
    refused = {family for family in FAMILIES if _means(family) is LoginRefused}
    assert refused == {asyncssh.PermissionDenied, asyncssh.IllegalUserName}
    assert {family for family in FAMILIES if _means(family) is HostKeyChanged} == {
        asyncssh.HostKeyNotVerifiable
    }
    assert not [family for family in FAMILIES if _means(family) is OltBusy]


def _means(family: type[BaseException]) -> type[ProvisioningError]:
    error = _made(family)
    assert isinstance(error, Exception)
    return type(as_ours(error))


def test_scraplis_failed_authentication_is_judged_by_what_is_behind_it() -> None:
    def failed(cause: Exception) -> ProvisioningError:
        error = scrapli.exceptions.ScrapliAuthenticationFailed("failed")
        error.__cause__ = cause
        return as_ours(error)

    assert isinstance(failed(asyncssh.PermissionDenied("no")), LoginRefused)
    assert isinstance(failed(TimeoutError()), OltUnreachable)


def test_a_missing_host_key_type_is_a_changed_key_and_other_algorithms_are_not() -> None:
    assert isinstance(
        as_ours(asyncssh.KeyExchangeFailed("Unable to find compatible server host key")), HostKeyChanged
    )
    assert isinstance(as_ours(asyncssh.KeyExchangeFailed("No matching encryption algorithm")), OltUnreachable)


def test_our_own_errors_pass_as_they_are() -> None:
    error = OltBusy("busy")
    with pytest.raises(OltBusy) as raised, _ours():
        raise error
    assert raised.value is error
