"""How many examples a property is tried on: some with every change, many when `make soak` looks for long."""

import os
from typing import Final

PROFILE: Final = os.environ.get("HYPOTHESIS_PROFILE", "fast")


def examples(fast: int, *, soak: int) -> int:
    """Give how many to try, in a run with every change or in a long one."""
    return soak if PROFILE == "soak" else fast
