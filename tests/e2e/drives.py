"""Drives in a town, and what happens to them: held, corrected, claimed, at a time of the test's choosing.

A drive avoids 100 g/km and desires a credit for every 100 g, so kilometres and credits are the same.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ledger.bootstrap import Ledger
from tests.e2e.town import Answer, Town

NAMES: Final = {"name_zh": "新能源汽车出行", "name_en": "Drive electric"}
CAR: Final = "a" * 64
START: Final = datetime(2028, 1, 10, 4, tzinfo=UTC)
"""Noon in Shanghai."""
FACTOR: Final = {
    "name": "per_km",
    "value": "100",
    "unit": "g/km",
    "region": "本市",
    "year": 2025,
    "source": "illustrative",
    "illustrative": True,
}
QUALITY: Final = {"late": "accept", "gap": "0.5", "jump": "hold", "rollback": "reject"}


class Drives:
    """Callers of a town who report, claim, correct and review drives."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def allow(self, scenario_id: str = "drive", **rules: Any) -> "Drives":
        """Publish the methodology and a scenario with these rules."""
        self.publish_methodology()
        made = self.publish_scenario(scenario_id, **rules)
        assert made.status_code == 201, made.text
        return self

    def publish_methodology(self, version: int = 1, **fields: Any) -> Answer:
        """Publish how drives are computed."""
        terms = {"id": "drive", "version": version, "formula": "distance", "factors": [FACTOR]}
        return self.town.post(
            "operator", "/methodologies", **{**terms, **NAMES, "quality": QUALITY, **fields}
        )

    def publish_scenario(self, scenario_id: str = "drive", **rules: Any) -> Answer:
        """Publish what drives earn."""
        terms = {
            "id": scenario_id,
            "version": 1,
            "methodology_id": "drive",
            "methodology_version": 1,
            "rule": {"kind": "credits_per_grams", "credits": 1, "per_g": 100},
            "valid_from": "2020-01-01T00:00:00+08:00",
        }
        return self.town.post("operator", "/scenarios", **{**terms, **NAMES, **rules})

    def drive(self, own_id: str = "d1", km: int = 10, **fields: Any) -> Answer:
        """Report a drive of ann's."""
        terms = {"id": own_id, "source": "cars", "participant_id": "ann", "scenario_id": "drive"}
        return self.town.post(
            "poster", "/activities", **{**terms, "measured": {"distance_km": str(km)}, **fields}
        )

    def release(self, own_id: str = "d1", **fields: Any) -> Answer:
        """Let a held drive count."""
        terms = {"source": "cars", "activity_id": own_id, "approver": "王芳", "reason": "looked at"}
        return self.town.post("operator", "/releases", **(terms | fields))

    def dismiss(self, own_id: str = "d1", **fields: Any) -> Answer:
        """Let a held drive count for nothing."""
        terms = {"source": "cars", "activity_id": own_id, "approver": "王芳", "reason": "not driven"}
        return self.town.post("operator", "/dismissals", **(terms | fields))

    def claim(self, own_id: str = "d1", **fields: Any) -> Answer:
        """Claim what a drive earned."""
        return self.town.post("poster", "/claims", **({"source": "cars", "activity_id": own_id} | fields))

    def correct(self, own_id: str, km: int | None, activity_id: str = "d1", **fields: Any) -> Answer:
        """Restate a drive; without kilometres it did not happen."""
        terms: dict[str, Any] = {"source": "cars", "activity_id": activity_id, "reason": "re-sent"}
        terms |= {"is_void": True} if km is None else {"measured": {"distance_km": str(km)}}
        return self.town.post("poster", "/corrections", id=own_id, **(terms | fields))

    def read(self, own_id: str = "d1") -> Any:
        """Read what has become of a drive."""
        answer = self.town.get(f"/activities/cars?id={own_id}")
        assert answer.status_code == 200, answer.text
        return answer.json

    def credits(self, *accounts: str) -> list[int]:
        """What some of ann's accounts hold: "" for spendable, or "pending", "debt"."""
        return [self.town.credits_of(":".join(["participant:ann", *filter(None, [one])])) for one in accounts]


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Give the time."""
        return self.now

    def after(self, **how_long: float) -> None:
        """Let time pass."""
        self.now += timedelta(**how_long)


def clocked(opened: Callable[..., Ledger], **terms: Any) -> tuple[Drives, Clock]:
    """Open a town at a time of the test's choosing."""
    clock = Clock()
    return Drives(Town(opened(clock=clock)).open(**terms)), clock
