"""What a source says itself about the quality of a report."""

import re
from typing import Final

from ledger.domain.quality import QualityFlag
from ledger.intake.outcomes import FLAGS

_WORDS: Final[dict[str, QualityFlag]] = {
    **{flag: flag for flag in FLAGS},
    "迟报": "late",
    "缺失": "gap",
    "缺数": "gap",
    "估算": "estimated",
    "人工": "manual",
    "手工": "manual",
    "手动": "manual",
    "自报": "self_declared",
    "重复": "duplicate",
    "无效": "invalid_sentinel",
}
_SOUND: Final = frozenset({"ok", "good", "normal", "正常", "device", "设备"})


def qualities_of(text: str) -> set[QualityFlag] | None:
    """Read qualities separated by blanks, semicolons or bars; None when one of them is not known."""
    found: set[QualityFlag] = set()
    for word in re.split(r"[\s;|、；]+", text.strip().lower()):  # noqa: RUF001
        if word and word not in _SOUND:
            flag = _WORDS.get(word)
            if flag is None:
                return None
            found.add(flag)
    return found
