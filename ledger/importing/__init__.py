"""Files of other systems on their way into a programme."""

from ledger.importing.preparing import Destination, prepared
from ledger.importing.progress import ProgressFile, identity_of
from ledger.importing.reading import Kind, Reading, batches
from ledger.importing.report import Example, ImportReport
from ledger.importing.run import Importer

__all__ = [
    "Destination",
    "Example",
    "ImportReport",
    "Importer",
    "Kind",
    "ProgressFile",
    "Reading",
    "batches",
    "identity_of",
    "prepared",
]
