"""An explanation as a document: facts for programs, sentences for people."""

from typing import Any

import msgspec

from ledger.explained.account import Explanation
from ledger.explaining.language import Tongue
from ledger.explaining.saying import plain, speaker_of


def shown(explanation: Explanation, tongue: Tongue) -> dict[str, Any]:
    """Give an explanation as a document: the facts, and beside them the sentences of a language."""
    speaker = speaker_of(tongue, explanation.time_zone)
    return {
        "account": explanation.account,
        "position": explanation.position,
        "lang": tongue,
        "is_proven": explanation.is_proven,
        "balances": [plain(step, speaker) for step in explanation.balances],
        "lots": explanation.lots
        and [
            {**msgspec.structs.asdict(story), "steps": [plain(step, speaker) for step in story.steps]}
            for story in explanation.lots
        ],
        "entries": [
            {
                "position": explained.position,
                "topic": explained.topic,
                "asset": explained.entry and explained.entry.asset,
                "amount": explained.entry.amount if explained.entry else 0,
                "steps": [plain(step, speaker) for step in explained.steps],
            }
            for explained in explanation.entries
        ],
    }
