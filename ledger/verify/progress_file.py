"""How far a run has come, in a file, for a run after it to go on.

Rule of the room: the file says where to go on and what was found before, never what anything adds up
to; it is replaced as a whole, so that a run killed at any moment leaves a good one.
"""

import time
from pathlib import Path
from typing import Final

import msgspec

from ledger.domain.errors import ProgressFileUnsuitable
from ledger.verify.findings import Finding, Findings, ProgrammeReport

EVERY_S: Final = 5
"""How often it is written; so much of a run is done again after a stop."""


class OfProgramme(msgspec.Struct, kw_only=True):
    """How far one programme has been proved."""

    position: int = 0
    findings: list[Finding] = []
    findings_count: dict[str, int] = {}
    report: ProgrammeReport | None = None
    """What was found, when the programme is done."""


class Content(msgspec.Struct, kw_only=True, tag="carbon-ledger verify 1"):
    """What stands in the file."""

    schema: str
    """Where the run builds views; they are gone on with too."""
    programmes: dict[str, OfProgramme] = {}


class ProgressFile:
    """The file of one run, or none."""

    def __init__(self, path: Path | None, content: Content) -> None:
        self._path = path
        self._content = content
        self._written_s = time.monotonic()

    @classmethod
    def opened(cls, path: Path | None, schema: str) -> "ProgressFile":
        """Read what an earlier run left, or begin with a schema of this run's own.

        Raises:
            ProgressFileUnsuitable: what stands there was written by something else.
        """
        if path is None or not path.exists():
            return cls(path, Content(schema=schema))
        try:
            return cls(path, msgspec.json.decode(path.read_bytes(), type=Content))
        except (msgspec.MsgspecError, OSError) as unsuitable:
            raise ProgressFileUnsuitable(file=str(path), reason=str(unsuitable)) from unsuitable

    @property
    def schema(self) -> str:
        """Where the run builds views."""
        return self._content.schema

    def of(self, programme_id: str) -> OfProgramme:
        """Give how far a programme was proved."""
        return self._content.programmes.get(programme_id, OfProgramme())

    def reached(self, programme_id: str, position: int, findings: Findings) -> None:
        """Note how far a programme is proved, now and then."""
        if self._path is None:
            return
        self._content.programmes[programme_id] = OfProgramme(
            position=position, findings=list(findings.shown), findings_count=dict(findings.counts)
        )
        if time.monotonic() - self._written_s >= EVERY_S:
            self._write()

    def finished(self, report: ProgrammeReport) -> None:
        """Note that a programme is done."""
        self._content.programmes[report.programme_id] = OfProgramme(report=report)
        self._write()

    def close(self) -> None:
        """The run is done: there is nothing to go on with."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._path is None:
            return
        beside = self._path.with_name(self._path.name + ".new")
        beside.write_bytes(msgspec.json.encode(self._content))
        beside.replace(self._path)
        self._written_s = time.monotonic()
