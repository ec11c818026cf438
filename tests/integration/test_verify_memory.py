"""Going over a log keeps no more of settled redemptions than it is told to, and finds the same."""

import pytest

from ledger.store.log import Log
from ledger.verify.findings import Findings
from ledger.verify.log import LogCheck
from tests.integration.told import PROGRAMME, proving_database, tell

STEPS = {"redemption.fulfilled", "redemption.cancelled", "redemption.released", "redemption.refunded"}


@pytest.mark.parametrize("page_events", [1, 3, 1_000])
@pytest.mark.parametrize("since", [0, 20])
def test_what_was_let_go_of_is_read_again_when_a_later_event_needs_it(
    database: str, page_events: int, since: int
) -> None:
    tell(database)
    with proving_database(database) as proving:
        events = Log(proving).page(PROGRAMME, after=0)
        assert {event.topic for event in events} >= STEPS
        findings = Findings()
        check = LogCheck(PROGRAMME, findings, since=since, settled_kept_max=0)
        most = 0
        with proving.connection() as connection:
            for begin in range(0, len(events), page_events):
                check.add_page(events[begin : begin + page_events], connection)
                known = [one for (kind, _), one in check.state.facts.items() if kind == "redemption"]
                most = max(most, sum(one is None or one.status != "held" for one in known))
        check.end()
    assert findings.shown == []
    settled = {event.originator_id for event in events if event.topic in STEPS}
    assert most < len(settled)


def test_a_step_that_cannot_be_is_found_although_its_redemption_was_let_go_of(database: str) -> None:
    tell(database)
    with proving_database(database) as proving:
        events = Log(proving).page(PROGRAMME, after=0)
        refund = next(event for event in events if event.topic == "redemption.refunded")
        again = refund._replace(position=len(events) + 1, originator_version=refund.originator_version + 1)
        findings = Findings()
        check = LogCheck(PROGRAMME, findings, since=0, settled_kept_max=0)
        with proving.connection() as connection:
            for event in (*events, again):
                check.add_page([event], connection)
        check.end()
    assert {found.position for found in findings.shown} == {len(events) + 1}
    [refused] = [found for found in findings.shown if found.code == "command_refused"]
    assert "redemption_status_unsuitable" in str(refused.found)
