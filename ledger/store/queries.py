"""Named SQL: the text lives in `.sql` files, and Python only names it.

A file is a list of queries. Each begins, after a blank line or at the top, with one line

    -- name_of_query: what it is for, in one line

and ends where the next begins. Other comments stay with their query; comments above the first
are about the file.
"""

import re
from pathlib import Path
from typing import LiteralString, cast

_HEADING = re.compile(r"(?:\A|(?<=\n\n))-- ([a-z][a-z0-9_]*): (\S.*)\n")


def load(path: Path) -> dict[str, LiteralString]:
    """Read a file of named queries.

    Returns:
        The text of each query by its name.

    Raises:
        ValueError: The file has SQL before its first name, a name without SQL, or a name twice.
    """
    before, *parts = _HEADING.split(path.read_text(encoding="utf-8"))
    names, texts = parts[::3], [text.strip() for text in parts[2::3]]
    is_complete = names and not _sql_of(before) and all(map(_sql_of, texts))
    if not is_complete or len(set(names)) < len(names):
        raise ValueError(f"{path} is not a list of queries, each named once")
    # The driver asks for text that no user could have written; files of the project are such text.
    return {name: cast("LiteralString", text) for name, text in zip(names, texts, strict=True)}


def _sql_of(text: str) -> str:
    """The text without lines of comment."""
    return "".join(line for line in text.splitlines() if not line.startswith("--")).strip()
