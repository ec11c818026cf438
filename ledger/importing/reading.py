"""A file read in a process of its own, so that reading and deciding need not take turns.

Rule of the room: a process that reads knows no database; it gives lines in the order of the file,
batch by batch, and ends with whoever started it. The key comes to it over a pipe, never as an argument.
"""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from ledger import intake
from ledger.importing.preparing import Destination, Line, prepared
from ledger.intake.lines import lines_of
from ledger.intake.pseudonyms import Pseudonyms

Kind = Literal["vehicles", "charging", "trips", "trips_with_energy", "steps"]

LENGTH_BYTES: Final = 4
"""Before every message: how long it is, the most significant byte first."""


def _vehicles(lines: Iterable[bytes], *, form: intake.Format, **terms: Any) -> Iterator[intake.Outcome]:
    if form == "gbt32960":
        return intake.read_frames(lines, **terms)
    return intake.read_daily(lines, form=form, **terms)


READERS: Final[dict[Kind, Callable[..., Iterator[intake.Outcome]]]] = {
    "vehicles": _vehicles,
    "charging": intake.read_charging,
    "trips": intake.read_trips,
    "trips_with_energy": partial(intake.read_trips, with_energy=True),
    "steps": intake.read_steps,
}


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What is read, and how."""

    path: str
    kind: Kind
    form: intake.Format
    source: str
    zone: str
    late_days: int
    done: int
    """Lines that were imported before, to be left out."""
    batch: int
    """Lines handed over at once."""

    def lines(self, opened: Iterable[bytes], to: Destination) -> Iterator[Line]:
        """Read an opened file."""
        read = READERS[self.kind](
            opened, source=self.source, form=self.form, zone=ZoneInfo(self.zone), late_days=self.late_days
        )
        return prepared(islice(read, self.done, None), to)


class Batch(NamedTuple):
    """Lines read together, and how far the file has been read by then."""

    lines: list[Line]
    read_bytes: int
    read_lines: int


class _Task(msgspec.Struct, frozen=True):
    """What the process is told before it begins."""

    reading: Reading
    programme_id: str
    scenario_id: str
    key: bytes
    participants: dict[str, str] | None
    restated_days: int


def batches(reading: Reading, to: Destination) -> Iterator[Batch]:
    """Read a file in another process.

    Raises:
        RuntimeError: that process stopped before the file was read; it has said why.
    """
    people = dict(to.participants) if to.participants is not None else None
    task = _Task(reading, to.programme_id, to.scenario_id, to.pseudonyms.key, people, to.restated_days)
    command = (sys.executable, "-c", f"from {__name__} import main; main()")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            _send(process.stdin, _encode(task))
            process.stdin.close()
            decode = msgspec.msgpack.Decoder(Batch).decode
            while message := _received(process.stdout):
                yield decode(message)
        except EOFError:
            raise RuntimeError(f"the process that read {reading.path} stopped") from None
        finally:
            # What it still wants to say has nobody to hear it, by which it knows that it is to end.
            process.stdout.close()


def main() -> None:
    """Be the other process."""
    prepare_reader()
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except (BrokenPipeError, KeyboardInterrupt):
        # Whoever asked is gone, and the interpreter would flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def prepare_reader() -> None:
    """Make thousands of objects without looking for cycles, as there are none."""
    gc.collect()
    gc.freeze()
    gc.disable()


def serve(task_from: IO[bytes], batches_to: IO[bytes]) -> None:
    """Read what is asked for and hand it over."""
    task = msgspec.msgpack.decode(_received(task_from), type=_Task)
    reading = task.reading
    to = Destination(
        programme_id=task.programme_id,
        scenario_id=task.scenario_id,
        pseudonyms=Pseudonyms(task.key),
        participants=task.participants,
        restated_days=task.restated_days,
    )
    with Path(reading.path).open("rb") as file:
        opened = _Counted(lines_of(file))
        lines = reading.lines(opened, to)
        while batch := list(islice(lines, reading.batch)):
            _send(batches_to, _encode(Batch(batch, opened.read_bytes, opened.read_lines)))
    _send(batches_to, b"")


class _Counted:
    """Lines, with how many have been given and how long they were."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self.read_bytes = 0
        self.read_lines = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.read_bytes += len(line)
            self.read_lines += 1
            yield line


_encode = msgspec.msgpack.Encoder().encode


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(LENGTH_BYTES, "big"))
    pipe.write(message)
    pipe.flush()


def _received(pipe: IO[bytes]) -> bytes:
    """Give the next message; an empty one is the last.

    Raises:
        EOFError: the other end stopped in the middle.
    """
    length = int.from_bytes(_exactly(pipe, LENGTH_BYTES), "big")
    return _exactly(pipe, length)


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    found = pipe.read(length)
    if len(found) != length:
        raise EOFError
    return found
