"""What commands that change something answer: nothing, a mark of success, a question, the steps of saving."""

import re
from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.zte_common.parse.clean import solid
from vendors.zte_common.parse.values import Row

_SUCCESS = re.compile(r"\.*\s*\[Successful\]", re.IGNORECASE)
_QUESTION = re.compile(r"(?P<question>\S.*\[yes/no\])\s*(?::\s*)?(?P<answer>yes|no|y|n)?", re.IGNORECASE)
_SAVE_STEP = re.compile(
    r"(?=.*[.\]])(?:[A-Za-z][A-Za-z ]{3,60}?)?\s*(?:\.+\s*)?(?P<ok>\[(?:OK|Successful)\])?", re.IGNORECASE
)
_HELP = re.compile(r"\s{1,8}(?P<word>\S+(?: \S+)?)(?:\s{2,}(?P<help>\S.*))?")


def done(lines: Sequence[str]) -> Row:
    """A command that was carried out: silently, with `.[Successful]`, or with a question and its answer."""
    marks: list[str] = []
    questions: list[Row] = []
    for line in map(str.strip, solid(lines)):
        if _SUCCESS.fullmatch(line):
            marks.append(line)
        elif asked := _QUESTION.fullmatch(line):
            questions.append({"question": asked["question"], "answer": asked["answer"]})
        else:
            raise UnknownReply("a line that no rule explains")
    if len(marks) > 1:
        raise UnknownReply("success was said twice")
    return (
        {"done": True}
        | ({"mark": marks[0]} if marks else {})
        | ({"questions": questions} if questions else {})
    )


def saved(lines: Sequence[str]) -> Row:
    """`write`: its steps; the last one must have ended with `[OK]`."""
    body = [line.strip() for line in solid(lines)]
    steps = [_SAVE_STEP.fullmatch(line) for line in body]
    if not steps or not all(steps) or not (steps[-1] and steps[-1]["ok"]):
        raise UnknownReply("saving did not end with [OK]")
    return {"saved": True, "steps": body}


def help_text(lines: Sequence[str]) -> Row:
    """What `?` prints: words and what they mean."""
    found = [_HELP.fullmatch(line.rstrip()) for line in solid(lines)]
    if not found or not all(found):
        raise UnknownReply("no help, or a line that no rule explains")
    return {"help": [{"word": row["word"], "meaning": row["help"]} for row in found if row]}
