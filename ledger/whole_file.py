"""Files that are there whole or not at all.

Rule of the room: what a killed process leaves ends in `.part`, and never bears the file's own name.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

_OWNER_ONLY: Final = 0o600


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write into, which takes its name when it is whole and on the disk.

    Its owner alone can read it: what is written this way tells all of a programme.
    """
    part = path.with_name(f"{path.name}.{uuid4().hex[:12]}.part")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
