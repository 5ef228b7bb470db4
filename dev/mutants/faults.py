"""The small faults that can be put into a module: each is one edit of its text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_TURNED: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
}
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_CONJUNCTIONS = frozenset({"and_", "or_", "where", "select_from"})
_QUALIFIERS = frozenset({"with_for_update", "desc", "order_by", "limit", "distinct"})
_SYMMETRIC = frozenset({"min", "max"})
_UNHEARD = frozenset({"log", "metrics", "provision_metrics", "tracing", "warnings"})
"""What is only said: a log line or a count that is missing is no fault of a decision."""


@dataclass(frozen=True)
class Fault:
    """One edit: the characters `start` to `end` of the module become `text`."""

    module: str
    function: str
    kind: str
    line: int
    start: int
    end: int
    text: str
    before: str
    number: int = 0
    """Among the faults of this function that read the same."""

    @property
    def name(self) -> str:
        """A name that outlives edits elsewhere in the module."""
        again = f" #{self.number}" if self.number else ""
        return f"{self.module}:{self.function} {self.kind} `{_short(self.before)}` → `{_short(self.text)}`{again}"

    def applied(self, source: str) -> str:
        """The module with this fault in it."""
        return source[: self.start] + self.text + source[self.end :]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:57]}…"


def faults(module: str, source: str) -> list[Fault]:
    """Every fault that fits into `source`, in order; none that leaves it as it is."""
    found: dict[tuple[int, int, str], Fault] = {}
    for fault in _Finder(module, source).faults():
        if fault.text != source[fault.start : fault.end]:
            found.setdefault((fault.start, fault.end, fault.text), fault)
    return _numbered(sorted(found.values(), key=lambda fault: (fault.start, fault.end, fault.text)))


def _numbered(found: list[Fault]) -> list[Fault]:
    seen: dict[str, int] = {}
    named = []
    for fault in found:
        count = seen.get(fault.name, 0)
        seen[fault.name] = count + 1
        named.append(Fault(**{**fault.__dict__, "number": count}))
    return named


class _Finder:
    def __init__(self, module: str, source: str) -> None:
        self._module, self._source = module, source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._lines = source.splitlines(keepends=True)

    def faults(self) -> Iterator[Fault]:
        yield from self._inside(ast.parse(self._source), ())

    def _inside(self, node: ast.AST, path: tuple[str, ...]) -> Iterator[Fault]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from self._inside(child, (*path, child.name))
            elif path and not _is_passed_over(node, child) and not _is_unheard(child):
                function = ".".join(path)
                yield from self._of_operator(child, function)
                yield from self._of_statement(child, function)
                yield from self._inside(child, path)
            elif not path:
                yield from self._inside(child, path)

    def _at(self, line: int, column: int) -> int:
        """Columns of `ast` count bytes."""
        text = self._lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(text)

    def _span(self, node: ast.AST) -> tuple[int, int]:
        where = node  # expressions and statements alike have all four
        return (
            self._at(where.lineno, where.col_offset),  # type: ignore[attr-defined]
            self._at(where.end_lineno, where.end_col_offset),  # type: ignore[attr-defined]
        )

    def _text(self, node: ast.AST) -> str:
        start, end = self._span(node)
        return self._source[start:end]

    def _fault(self, kind: str, function: str, node: ast.AST, text: str) -> Fault:
        start, end = self._span(node)
        line = node.lineno  # type: ignore[attr-defined]
        return Fault(self._module, function, kind, line, start, end, text, self._source[start:end])

    def _of_operator(self, node: ast.AST, function: str) -> Iterator[Fault]:
        match node:
            case ast.Compare(ops=[op]):
                words = _TURNED[type(op)]
                yield from self._between(
                    "comparison", function, node, (node.left, node.comparators[0]), words
                )
            case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
                words = _ARITHMETIC[type(op)]
                yield from self._between("arithmetic", function, node, (node.left, node.right), words)
            case ast.BoolOp():
                for left_out in range(len(node.values)):
                    kept = [self._text(value) for i, value in enumerate(node.values) if i != left_out]
                    word = " and " if isinstance(node.op, ast.And) else " or "
                    yield self._fault("operand dropped", function, node, f"({word.join(kept)})")
            case ast.UnaryOp(op=ast.Not()):
                yield self._fault("not dropped", function, node, f"({self._text(node.operand)})")
            case _:
                pass

    def _of_statement(self, node: ast.AST, function: str) -> Iterator[Fault]:
        match node:
            case ast.If() if isinstance(node.body[0], _LEAVING) and not node.orelse:
                yield self._fault("guard dropped", function, node.test, "False")
            case ast.Expr(value=ast.Call() | ast.Await()):
                yield self._fault("statement dropped", function, node, "pass")
            case ast.Constant(value=bool(value)):
                yield self._fault("constant", function, node, str(not value))
            case ast.Constant(value=int(number)):
                yield self._fault("constant", function, node, str(number + 1))
            case ast.Call():
                yield from self._of_call(node, function)
            case _:
                pass

    def _between(
        self, kind: str, function: str, node: ast.AST, sides: tuple[ast.AST, ast.AST], words: tuple[str, str]
    ) -> Iterator[Fault]:
        """The operator between two sides, wherever the line breaks and brackets are."""
        first, last = self._span(node)
        start, end = self._span(sides[0])[1], self._span(sides[1])[0]
        between = self._source[start:end]
        if between.count(words[0]) == 1:
            text = self._source[first:start] + between.replace(*words) + self._source[end:last]
            yield self._fault(kind, function, node, text)

    def _of_call(self, node: ast.Call, function: str) -> Iterator[Fault]:
        named = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if named in _QUALIFIERS and isinstance(node.func, ast.Attribute):
            yield self._fault("qualifier dropped", function, node, self._text(node.func.value))
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            return
        if named in _CONJUNCTIONS:
            yield from self._without_one(node.args, function)
        elif named not in _SYMMETRIC:
            yield from self._swapped(node.args, function)

    def _without_one(self, arguments: list[ast.expr], function: str) -> Iterator[Fault]:
        spans = [self._span(argument) for argument in arguments]
        for i in range(len(spans) if len(spans) > 1 else 0):
            start, end = (
                (spans[i][0], spans[i + 1][0]) if i + 1 < len(spans) else (spans[i - 1][1], spans[i][1])
            )
            before = self._source[start:end]
            line = arguments[i].lineno
            yield Fault(self._module, function, "condition dropped", line, start, end, "", before)

    def _swapped(self, arguments: list[ast.expr], function: str) -> Iterator[Fault]:
        for left, right in pairwise(arguments):
            (start, left_end), (right_start, end) = self._span(left), self._span(right)
            text = self._text(right) + self._source[left_end:right_start] + self._text(left)
            before = self._source[start:end]
            yield Fault(self._module, function, "arguments swapped", left.lineno, start, end, text, before)


def _is_passed_over(parent: ast.AST, child: ast.AST) -> bool:
    match parent:
        case ast.JoinedStr():  # Python 3.11 does not say where the parts of such a string stand
            return True
        case ast.ClassDef():
            return child in parent.decorator_list
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return child in parent.decorator_list or child is parent.returns
        case ast.arg() | ast.AnnAssign():
            return child is parent.annotation
        case _:
            return False


def _is_unheard(node: ast.AST) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    while isinstance(call, ast.Call | ast.Attribute):
        call = call.func if isinstance(call, ast.Call) else call.value
    return isinstance(call, ast.Name) and call.id in _UNHEARD
