"""Put a fault into the running process: each function that the fault changes gets the code that it would have had."""

from __future__ import annotations

import ast
import functools
import gc
import inspect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from dev.machine import ROOT
from dev.mutants.faults import Fault


class Unfit(Exception):
    """A fault that no function shows: it changes a class body, say, or what a function closes over."""


class Living:
    """The functions of the modules below `root` that are in this process, and what their modules have cached."""

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._functions: defaultdict[tuple[str, int, str], list[FunctionType]] = defaultdict(list)
        self._caches: list[Any] = []
        own = f"{root}/"
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                if thing.__code__.co_filename.startswith(own):
                    self._functions[_key(thing.__code__)].append(thing)
            elif isinstance(thing, functools._lru_cache_wrapper):
                cached = inspect.unwrap(thing)
                if isinstance(cached, FunctionType) and cached.__code__.co_filename.startswith(own):
                    self._caches.append(thing)

    def put(self, fault: Fault, source: str) -> None:
        """Have the fault in every function of `source` that is alive, and nothing of before in a cache.

        Raises Unfit, with everything as it was, where that is not all that the fault would change.
        """
        path = str(self._root / fault.module)
        before, after = ast.parse(source), ast.parse(fault.applied(source))
        defaults = list(_new_defaults(before, after))
        pairs = list(_changed(_compiled(before, path), _compiled(after, path)))
        found = [(self._of(old), new) for old, new in pairs]
        with_defaults = [(self._at(path, old), old.args, arguments) for old, arguments in defaults]
        asked = [functions for functions, *_ in found[:1]] + [functions for functions, *_ in with_defaults]
        if not asked or not all(asked):
            raise Unfit("no such function is alive")
        for functions, new in found:
            for function in functions:
                function.__code__ = new
        for functions, old_arguments, new_arguments in with_defaults:
            for function in functions:
                _set_defaults(function, old_arguments, new_arguments)
        for cache in self._caches:
            cache.cache_clear()

    def _of(self, code: CodeType) -> list[FunctionType]:
        return [function for function in self._functions[_key(code)] if _same_place(function.__code__, code)]

    def _at(self, path: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[FunctionType]:
        line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        return [
            function
            for (file, first, name), functions in self._functions.items()
            if (file, first, name.rpartition(".")[2]) == (path, line, node.name)
            for function in functions
        ]


def _compiled(tree: ast.Module, path: str) -> CodeType:
    return compile(tree, path, "exec", dont_inherit=True)


def _key(code: CodeType) -> tuple[str, int, str]:
    return code.co_filename, code.co_firstlineno, code.co_qualname


def _same_place(one: CodeType, other: CodeType) -> bool:
    """Two lambdas of one line differ in their columns."""
    return one == other and list(one.co_positions()) == list(other.co_positions())


def _changed(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The functions that differ, the outermost first: of a module and of a class only what is inside may."""
    if _signature(old) == _signature(new):
        return
    if _is_function(old):
        if (old.co_freevars, old.co_name) != (new.co_freevars, new.co_name):
            raise Unfit("other variables are closed over")
        yield old, new
    elif _signature(old, deep=False) != _signature(new, deep=False):
        raise Unfit("a module or a class changes")
    inner, other = _inner(old), _inner(new)
    if len(inner) == len(other):
        for one, another in zip(inner, other, strict=True):
            yield from _changed(one, another)


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _signature(code: CodeType, *, deep: bool = True) -> tuple[object, ...]:
    """What it does, wherever in the file it stands."""
    constants = [
        (_signature(constant) if deep else constant.co_name)
        if isinstance(constant, CodeType)
        else (type(constant), repr(constant))
        for constant in code.co_consts
    ]
    return (
        code.co_name,
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_flags,
        code.co_argcount,
        code.co_kwonlyargcount,
        code.co_exceptiontable,
        tuple(constants),
    )


def _new_defaults(
    before: ast.Module, after: ast.Module
) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, ast.arguments]]:
    """The functions whose defaults the fault changes; the change is taken out of `after`, for it is seen to."""
    olds, news = (
        [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        for tree in (before, after)
    )
    if len(olds) != len(news):
        return
    for old, new in zip(olds, news, strict=True):
        if ast.dump(old.args) != ast.dump(new.args):
            yield old, new.args
            new.args = old.args


def _set_defaults(function: FunctionType, old: ast.arguments, new: ast.arguments) -> None:
    def value(before: ast.expr, after: ast.expr, now: Any) -> Any:
        if ast.dump(before) == ast.dump(after):
            return now
        code = compile(ast.Expression(after), "<default>", "eval")
        return FunctionType(code, function.__globals__)()

    now = function.__defaults__ or ()
    function.__defaults__ = tuple(map(value, old.defaults, new.defaults, now)) or None
    named = function.__kwdefaults__ or {}
    for argument, before, after in zip(old.kwonlyargs, old.kw_defaults, new.kw_defaults, strict=True):
        if before and after:
            named[argument.arg] = value(before, after, named[argument.arg])
