"""How a command ends.

| status | meaning |
|---|---|
| 0 | done |
| 1 | not done: unknown order, wrong state, a fault that `config check` found, an outcome that is not the expected one |
| 2 | wrong usage |
| 3 | `parse`: a reply that cannot be vouched for |
| 4 | settings or a configuration file are wrong |
| 5 | the database, Kafka or an OLT is not available |
| 70 | a bug: told with its place, without data |
| 130 | interrupted |
"""

from enum import IntEnum


class Status(IntEnum):
    """Exit statuses."""

    DONE = 0
    NO = 1
    USAGE = 2
    UNVOUCHED = 3
    CONFIGURATION = 4
    UNAVAILABLE = 5
    BUG = 70
    INTERRUPTED = 130


class Failure(Exception):
    """Ends the command with one sentence on standard error."""

    def __init__(self, sentence: str, status: Status = Status.NO) -> None:
        super().__init__(sentence)
        self.status = status
