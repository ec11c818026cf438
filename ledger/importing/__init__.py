"""Files of other systems on their way into a programme."""

from ledger.importing.progress import ProgressFile, identity_of
from ledger.importing.report import Example, ImportReport
from ledger.importing.run import Destination, Importer

__all__ = ["Destination", "Example", "ImportReport", "Importer", "ProgressFile", "identity_of"]
