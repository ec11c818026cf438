"""What a monitoring system reads: where every log and view stands."""

import re
from typing import Any

from ledger.projections.registry import VIEWS
from ledger.projector import Projector
from tests.e2e.town import Town


def metrics(town: Town) -> dict[tuple[str, str], float]:
    """Every value of the programme, by metric and view."""
    answer: Any = town.client.get("/metrics", headers={"Authorization": f"Bearer {town.secrets['operator']}"})
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    found = {}
    for name, labels, value in re.findall(r"(?m)^(\w+)\{(.*)\} (\S+)$", answer.get_data(as_text=True)):
        named = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if named["programme"] == town.programme_id:
            found[name, named.get("view", "")] = float(value)
    return found


def test_the_lag_of_every_view_is_shown_and_falls_to_nothing(own_town: Town) -> None:
    before = metrics(own_town)
    position = before["ledger_log_position", ""]
    assert position > 0
    assert {name for name, _ in before} == {
        "ledger_log_position",
        "ledger_view_position",
        "ledger_view_lag_events",
        "ledger_view_stopped",
    }
    assert all(before["ledger_view_lag_events", view] == position for view in VIEWS)
    projector = Projector(own_town.ledger.database.conninfo)
    while projector.step():
        pass
    projector.close()
    after = metrics(own_town)
    for view in VIEWS:
        assert after["ledger_view_lag_events", view] == 0
        assert after["ledger_view_position", view] == position
        assert after["ledger_view_stopped", view] == 0
