"""Every procedure of docs/operations, as it is written: what is typed works, and prints what the page shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.pages import FOLDER, Deed, Typed, agree, script
from tests.operations.stage import stage
from tests.support.installation import installation
from tests.support.kafka import Topics

PLAYED = sorted(page for page in FOLDER.glob("*.md") if any(isinstance(step, Typed) for step in script(page)))


def _database(page: Path) -> str:
    """A page says at its top on which database it is played."""
    first = next(script(page))
    assert isinstance(first, Deed), f"{page.name} does not say on which database it is played"
    kind, name = first.words.split()
    assert kind == "on"
    return {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[name]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("page", PLAYED, ids=lambda page: page.stem)
async def test_a_procedure_works_as_it_is_written(
    page: Path, tmp_path: Path, kafka_topics: Topics, request: pytest.FixtureRequest
) -> None:
    url = str(request.getfixturevalue(_database(page)))
    async with installation(tmp_path, kafka_topics, url) as here, stage(here) as played:
        for step in list(script(page))[1:]:
            await played.play(step)


def _steps(text: str, folder: Path) -> Iterator[Typed | Deed]:
    page = folder / "page.md"
    page.write_text(text)
    return script(page)


def test_a_page_is_read_as_commands_what_they_print_and_what_others_do(tmp_path: Path) -> None:
    text = "<!-- test: on sqlite -->\n\n```console\n$ cat > f <<'X'\n> a\n> X\n$ cat f\na\n```\n\n```sh\nnot run\n```\n"
    assert list(_steps(text, tmp_path)) == [
        Deed(1, "on sqlite"), Typed(4, "cat > f <<'X'\na\nX", ()), Typed(7, "cat f", ("a",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        (["a … c"], ["a b c"], True),
        (["a …", "…", "z"], ["a 1", "b", "c", "z"], True),
        (["…"], [], True),
        (["a"], ["a", "b"], False),
        (["a", "b"], ["a"], False),
        ([], ["a"], False),
    ],
)
def test_what_is_printed_is_compared_but_for_what_the_page_leaves_open(
    expected: list[str], printed: list[str], same: bool
) -> None:
    assert agree(expected, printed) is same
