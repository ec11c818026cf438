"""The application of one server process, for a WSGI server to import: `api.wsgi:app`.

Rule of the room: the only module that builds something when it is imported, and the only one of
this tree that asks for the settings of the environment.
"""

import atexit

from api.app import create_app
from ledger import config, logs
from ledger.bootstrap import open_ledger, prepare_process
from ledger.server import end_with_server, when_told_to_stop

end_with_server()
_settings = config.load()
logs.configure(_settings.log_level)
_ledger = open_ledger(_settings)
# Whoever still waits for a commit is answered before the process ends.
atexit.register(_ledger.close)
# Whoever only waits for something to happen must not hold up the end.
when_told_to_stop(_ledger.followers.close)

app = create_app(_ledger)
prepare_process()
