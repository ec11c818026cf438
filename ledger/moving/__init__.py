"""Moving a programme whole from one deployment to another, by way of one file.

Rule of the room: a file holds the log and nothing that is made from it; whoever takes it in checks
all of it first, and makes the tables anew. `format` is the file, `tally` and `streams` go over a
log, `exporting` and `importing` put them to use, `tables` makes what stands beside the log.
"""

from ledger.moving.exporting import Exported, export_ledger
from ledger.moving.format import Manifest
from ledger.moving.importing import check_file, import_ledger

__all__ = ["Exported", "Manifest", "check_file", "export_ledger", "import_ledger"]
