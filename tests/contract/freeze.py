"""Freeze what is new: `python -m tests.contract.freeze`, from the root of the checkout.

Writes a golden file for each example that has none, in the folder of its event's version, and adds
new topics, versions, parts, fields and choices to `event_fields.json`. What is frozen already is
never written again: when it no longer fits, the code is wrong and not the file.
"""

import json
import sys
from pathlib import Path

from ledger.domain.messages import Event, version_of
from ledger.domain.topics import EVENTS
from ledger.store.mapper import mapper
from tests.contract.examples import ALL_EXAMPLES
from tests.contract.shapes import Shape, parts, shape, still_reads

FOLDER = Path(__file__).parent
FIELDS_FILE = FOLDER / "event_fields.json"

Shapes = dict[str, Shape]


def golden_file(name: str, version: int) -> Path:
    """Where the exact stored bytes of an example are kept."""
    return FOLDER / f"events_v{version}" / f"{name}.json"


def golden_files() -> list[Path]:
    """Every golden file there is, also those of versions that nobody writes any more."""
    return sorted(FOLDER.glob("events_v*/*"))


def frozen_shapes() -> dict[str, Shapes]:
    """What is frozen: shapes by topic and version, and those of the parts inside events by name."""
    if not FIELDS_FILE.exists():
        return {"events": {}, "parts": {}}
    frozen: dict[str, Shapes] = json.loads(FIELDS_FILE.read_text(encoding="utf-8"))
    return frozen


def shapes_now() -> dict[str, Shapes]:
    """What the code of today stores."""
    return {"events": {shape_name(event): shape(event) for event in EVENTS}, "parts": parts(EVENTS)}


def shape_name(event: type[Event]) -> str:
    """Under which name the shape of an event is frozen: its topic, above version 1 with the version."""
    version = version_of(event)
    return event.topic if version == 1 else f"{event.topic}@{version}"


def freeze() -> list[str]:
    """Write what is new; give its names."""
    added = []
    for name, event in ALL_EXAMPLES.items():
        path = golden_file(name, version_of(type(event)))
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(mapper().state_of(event))
            added.append(path.name)
    frozen = frozen_shapes()
    for group, shapes in shapes_now().items():
        for name, fields in shapes.items():
            known = frozen[group].setdefault(name, {})
            new = {
                field: text
                for field, text in fields.items()
                if field not in known or (known[field] != text and still_reads(known[field], text))
            }
            known.update(new)
            added += [f"{name}.{field}" for field in new]
    text = json.dumps(frozen, ensure_ascii=False, indent=2)
    FIELDS_FILE.write_text(f"{text}\n", encoding="utf-8")
    return added


if __name__ == "__main__":
    sys.stdout.write("".join(f"{name}\n" for name in freeze()))
