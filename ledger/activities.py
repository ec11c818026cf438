"""One activity of a programme, as its stream tells it, for those who are not deciding a group.

Rule of the room: read from the log alone; nothing is remembered.
"""

from ledger.domain.activity import Activity, activity_key
from ledger.domain.activity_life import evolve
from ledger.domain.state import ProgrammeState
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.session import open_session


def find_activity(log: Log, programme_id: str, source: str, own_id: str) -> Activity | None:
    """Give what has become of an activity; None when nobody reported it."""
    activity: Activity | None = None
    for logged in log.stream(programme_id, "activity", activity_key(source, own_id)):
        activity = evolve(activity, log.decode(logged))
    return activity


def rules_of(database: Database, programme_id: str) -> ProgrammeState:
    """Give a programme's terms and published rules as they stand, with nothing else loaded.

    Raises:
        DatabaseUnavailable
    """
    state = ProgrammeState(programme_id)
    with open_session(database, programme_id) as session:
        for event in session.configuration():
            state.configure(event)
    return state
