"""Ledger files as others might hand them in: taken apart, changed, and put together again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from ledger.moving.file import EVENTS, MANIFEST
from ledger.moving.format import Digest, Line
from ledger.store.log import LoggedEvent

Events = list[dict[str, Any]]
"""As plain values; `data` is the event."""


def parts(path: Path) -> tuple[Events, dict[str, Any]]:
    """Give the events and the manifest of a file."""
    with ZipFile(path) as archive:
        lines = [msgspec.json.decode(line) for line in archive.read(EVENTS).splitlines()]
        return lines, msgspec.json.decode(archive.read(MANIFEST))


def put_together(path: Path, events: Events, manifest: dict[str, Any]) -> Path:
    """Write a file of any content."""
    lines = [msgspec.json.encode(event) + b"\n" for event in events]
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr(EVENTS, b"".join(lines))
        archive.writestr(MANIFEST, msgspec.json.encode(manifest))
    return path


def forged(path: Path, to: Path, change: Callable[[Events], object]) -> Path:
    """Change the events of a file, and make its manifest agree as far as it can without going over them."""
    events, manifest = parts(path)
    change(events)
    manifest["events"] = manifest["position"] = len(events)
    manifest["events_sha256"] = digest_of(manifest["programme_id"], events)
    return put_together(to, events, manifest)


def digest_of(programme_id: str, events: Events) -> str:
    """Give the digest of events."""
    digest = Digest(programme_id)
    digest.add(logged(event) for event in events)
    return digest.hexdigest()


def logged(event: dict[str, Any]) -> LoggedEvent:
    """Give an event as the log has it."""
    line = msgspec.convert({**event, "data": msgspec.Raw(msgspec.json.encode(event["data"]))}, Line)
    return LoggedEvent(
        line.position, line.originator_id, line.originator_version, line.topic, bytes(line.data)
    )
