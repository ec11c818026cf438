"""`ledger import`: every line accounted for, nothing counted twice, and the same log after a stop."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ledger.cli import main
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.exclusion import ExclusionRule
from ledger.domain.instants import zone
from ledger.domain.methodology import Factor, FormulaKind
from ledger.domain.quality import QualityFlag
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.importing import Destination, Importer, ImportReport, prepared
from ledger.intake import read_daily
from ledger.intake.pseudonyms import Pseudonyms
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.writer import Writer
from tests.unit.builders import OPEN_PROGRAMME, but

ROOT = Path(__file__).parents[2]
BEGAN = datetime(2018, 1, 1, tzinfo=UTC)
VIN = "LSVAM4187C2184847"
HEADER = "vin,date,odometer_begin_km,odometer_end_km,record_id,received_at"
KEY = "k" * 64
CITY = "city"
RULES = 7
"""Events of `open_city`."""


def factor(name: str, unit: str, value: str = "100") -> Factor:
    return Factor(name=name, value=value, unit=unit, region="全国", year=2022, source="a test")


def open_city(database: Database, programme_id: str = CITY) -> None:
    """A programme with a scenario for each kind of file."""
    names: dict[str, Any] = {"name_zh": "名", "name_en": "name", "occurred_at": BEGAN}
    treatments: dict[QualityFlag, str] = {"late": "0.5", "gap": "accept", "jump": "reject"}
    charging = (
        factor("grid", "kg/kWh", "0.1404"),
        factor("consumption", "kWh/100km", "15"),
        factor("petrol", "g/L", "2164"),
        factor("baseline_consumption", "L/100km", "7.5"),
    )
    formulas: dict[str, tuple[FormulaKind, tuple[Factor, ...]]] = {
        "nev": ("distance", (factor("per_km", "g/km"),)),
        "walk": ("steps_proportional", (factor("per_step", "g/step", "0.1"),)),
        "charge": ("charging", charging),
    }
    writer = Writer(database)
    writer.submit(programme_id, but(OPEN_PROGRAMME, id=programme_id, occurred_at=BEGAN))
    for own_id, (formula, factors) in formulas.items():
        for command in (
            PublishMethodology(
                id=own_id, version=1, formula=formula, factors=factors, quality=treatments, **names
            ),
            PublishScenario(
                id=own_id,
                version=1,
                methodology_id=own_id,
                methodology_version=1,
                rule=CreditsPerGrams(credits=1, per_g=100),
                valid_from=BEGAN,
                exclusion=(ExclusionRule(group="car", subject="vehicle"),) if own_id == "nev" else (),
                **names,
            ),
        ):
            writer.submit(programme_id, command)
    writer.close()


@pytest.fixture
def city(database: str) -> Iterator[Database]:
    with Database(database) as opened:
        open_city(opened)
        yield opened


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    return path


def run(database: str, key: Path, what: str, file: Path, *options: str, scenario: str = "nev") -> Any:
    """Import a file; the report, with the exit code."""
    named = ("--programme", CITY, "--scenario", scenario, "--source", "oem", "--key-file", str(key))
    done = CliRunner().invoke(
        main, ["import", what, str(file), *named, "--json", *options], env={"DATABASE_URL": database}
    )
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    assert done.exit_code in {0, 1}, done.output
    return json.loads(done.stdout) | {"exit": done.exit_code}


def counted(report: Any) -> dict[str, Any]:
    """What is not nothing."""
    return {name: count for name, count in report.items() if count and name not in {"examples", "exit"}}


def table(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines, ""]))
    return path


def events(database: Database, programme_id: str = CITY) -> list[Any]:
    """What the log says after the rules, without when it was written and the lots that follow from it."""
    logged = Log(database).page(programme_id, after=RULES)
    found = [(one.topic, json.loads(one.state)) for one in logged]
    for _, data in found:
        del data["recorded_at"]
        data.pop("lot", None)
        data["legs"] = [[account, asset, amount] for account, asset, _, amount in data.get("legs", ())]
    return found


# ── Vehicles ─────────────────────────────────────────────────────────────────────────────────


def test_every_line_of_a_file_is_accounted_for_and_nothing_in_clear_is_stored(
    database: str, city: Database, key: Path, tmp_path: Path
) -> None:
    file = table(
        tmp_path / "days.csv",
        f"{VIN},2024-05-06,100.0,125.0,{VIN}-0506,2024-05-07T02:00:00+08:00",
        f"{VIN},2024-05-07,125.0,145.0,{VIN}-0507,2024-05-20T02:00:00+08:00",
        f"{VIN},2024-05-08,145.0,2145.0,{VIN}-0508,",
        f"{VIN},2024-05-09,2145.0,2140.0,{VIN}-0509,",
        f"{VIN},2024-05-10,2140.0,2150.0,{VIN}-0510,",
        f"{VIN},2024-05-10,2140.0,2150.0,{VIN}-again,",
        f"{VIN},2024-05-10,2140.0,2150.0,{VIN}-0510,",
        f"{VIN},2024-05-32,2140.0,2150.0,{VIN}-0532,",
    )
    path = tmp_path / "report.json"
    found = run(database, key, "vehicles", file, "--report", str(path))
    assert counted(found) == {
        "read": 8,
        "accepted": 2,
        "discounted": 1,
        "held": {"rollback": 1},
        "held_activities": 1,
        "rejected": {"jump": 1, "claimed": 1},
        "rejected_activities": 2,
        "duplicates": 1,
        "unreadable": {"day_malformed": 1},
    }
    assert found["exit"] == 1
    assert found["examples"] == [{"line": 9, "reason": "day_malformed", "excerpt": "2024-05-32"}]
    assert json.loads(path.read_text()) == {name: found[name] for name in found if name != "exit"}
    assert not file.with_name("days.csv.import-progress").exists()
    log = b"".join(one.state for one in Log(city).page(CITY, after=0))
    assert VIN.encode() not in log
    assert b'"distance_km":"25.0"' in log


@pytest.mark.usefixtures("city")
def test_frames_become_days_and_the_samples_are_held(database: str, key: Path) -> None:
    file = ROOT / "tests/data/gbt32960_frames.json"
    found = run(database, key, "vehicles", file, "--progress", str(key.with_name("progress")))
    assert counted(found) == {
        "read": 2,
        "held": {"rollback": 1, "invalid_sentinel": 1, "duplicate": 1},
        "held_activities": 1,
        "unreadable": {"frame_checksum_differs": 1},
    }


def test_a_file_imported_again_adds_nothing(database: str, city: Database, key: Path, tmp_path: Path) -> None:
    file = table(tmp_path / "days.csv", *(f"V{n},2024-05-06,100.0,1{n:02}.0,," for n in range(10, 60)))
    assert counted(run(database, key, "vehicles", file)) == {"read": 50, "accepted": 50}
    before = events(city)
    assert counted(run(database, key, "vehicles", file)) == {"read": 50, "duplicates": 50}
    assert events(city) == before


def test_a_day_sent_again_late_with_the_same_odometer_is_a_duplicate_and_with_another_a_correction(
    database: str, city: Database, key: Path, tmp_path: Path
) -> None:
    def sent(end: str, received: str) -> dict[str, Any]:
        file = table(tmp_path / "days.csv", f"V1,2024-05-06,100.0,{end},r-1,{received}")
        return counted(run(database, key, "vehicles", file))

    assert sent("125.0", "2024-05-07 02:00:00") == {"read": 1, "accepted": 1}
    assert sent("125.0", "2024-05-20 02:00:00") == {"read": 1, "duplicates": 1}
    assert sent("130.0", "2024-05-09 02:00:00") == {"read": 1, "corrected": 1}
    assert sent("130.0", "2024-05-09 02:00:00") == {"read": 1, "duplicates": 1}
    assert sent("140.0", "2024-05-20 02:00:00") == {"read": 1, "conflicts": 1}
    assert [topic for topic, _ in events(city)] == [
        "reduction.recorded",
        "credits.issued",
        "reduction.corrected",
        "credits.corrected",
    ]


def test_a_list_says_whose_vehicles_they_are_and_an_unknown_one_is_refused(
    database: str, city: Database, key: Path, tmp_path: Path
) -> None:
    people = table(tmp_path / "people.csv", "V1,p-ada", header="vehicle_id,participant_id")
    file = table(tmp_path / "days.csv", "V1,2024-05-06,100.0,125.0,,", "V2,2024-05-06,100.0,125.0,,")
    found = run(database, key, "vehicles", file, "--participants", str(people))
    assert counted(found) == {"read": 2, "accepted": 1, "refused": {"participant_unknown": 1}}
    assert found["examples"] == [{"line": 3, "reason": "participant_unknown", "excerpt": ""}]
    assert {data["participant_id"] for _, data in events(city)} == {"p-ada"}


@pytest.mark.usefixtures("city")
def test_what_the_ledger_refuses_is_told_by_its_code(database: str, key: Path, tmp_path: Path) -> None:
    file = table(tmp_path / "days.csv", "V1,2017-05-06,100.0,125.0,,", "V2,2024-05-06,100.0,125.0,,")
    assert counted(run(database, key, "vehicles", file)) == {
        "read": 2,
        "accepted": 1,
        "refused": {"scenario_not_valid": 1},
    }


@pytest.mark.usefixtures("city")
def test_people_are_shown_a_table_and_the_lines_that_did_not_count(
    database: str, key: Path, tmp_path: Path
) -> None:
    file = table(tmp_path / "days.csv", "V1,2024-05-06,100.0,125.0,,", "V1,never,100.0,125.0,,")
    named = ("--programme", CITY, "--scenario", "nev", "--source", "oem", "--key-file", str(key))
    done = CliRunner().invoke(main, ["import", "vehicles", str(file), *named], env={"DATABASE_URL": database})
    assert done.exit_code == 1
    cells = [line.split() for line in done.stdout.splitlines()]
    assert ["accepted", "1", "recorded,", "in", "full"] in cells
    assert ["unreadable", "1", "not", "read"] in cells
    assert any(line[:2] == ["day_malformed", "1"] for line in cells)
    assert "line 3: day_malformed never" in done.stderr


# ── Charging and trips ───────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("city")
def test_every_real_session_and_trip_is_imported(database: str, key: Path, tmp_path: Path) -> None:
    progress = ("--progress", str(tmp_path / "progress"))
    sessions = ROOT / "tests/data/acn_sessions_train.csv"
    zoned = ("--zone", "America/Los_Angeles", *progress)
    assert counted(run(database, key, "charging", sessions, *zoned, scenario="charge")) == {
        "read": 640,
        "accepted": 640,
    }
    trips = ROOT / "ledger/data/twizy_trips.csv"
    zoned = ("--zone", "Africa/Casablanca", *progress)
    assert counted(run(database, key, "trips", trips, *zoned)) == {"read": 17, "accepted": 17}
    assert counted(run(database, key, "trips", trips, *zoned)) == {"read": 17, "duplicates": 17}


# ── Steps ────────────────────────────────────────────────────────────────────────────────────

STEPS = "person_id,day,steps,received_at"


def test_steps_restated_within_thirty_days_are_corrections_to_the_last_second(
    database: str, city: Database, key: Path, tmp_path: Path
) -> None:
    file = table(
        tmp_path / "steps.csv",
        "p,2024-05-06,8000,2024-05-07 06:00:00",
        "p,2024-05-06,9000,2024-05-20 06:00:00",
        "p,2024-05-06,8500,2024-06-06 00:00:00",
        "p,2024-05-06,9999,2024-06-06 00:00:01",
        header=STEPS,
    )
    options = ("--late-days", "40")
    found = run(database, key, "steps", file, *options, scenario="walk")
    assert counted(found) == {"read": 4, "accepted": 1, "corrected": 2, "conflicts": 1}
    assert found["examples"] == [{"line": 5, "reason": "content_differs: measured", "excerpt": ""}]
    corrected = [data["measured"]["steps"] for topic, data in events(city) if topic == "reduction.corrected"]
    assert corrected == [9_000, 8_500]
    before = events(city)
    again = run(database, key, "steps", file, *options, scenario="walk")
    assert counted(again) == {"read": 4, "duplicates": 3, "conflicts": 1}
    assert events(city) == before


def test_a_count_that_comes_back_to_its_first_value_stands_there_again(
    database: str, city: Database, key: Path, tmp_path: Path
) -> None:
    sent = [
        f"p,2024-05-06,{steps},2024-05-{day} 06:00:00" for day, steps in enumerate((8000, 9000, 8000), 10)
    ]
    file = table(tmp_path / "steps.csv", *sent, header=STEPS)
    found = run(database, key, "steps", file, "--late-days", "40", scenario="walk")
    assert counted(found) == {"read": 3, "accepted": 1, "corrected": 2}
    corrected = [data["measured"]["steps"] for topic, data in events(city) if topic == "reduction.corrected"]
    assert corrected == [9_000, 8_000]
    again = run(database, key, "steps", file, "--late-days", "40", scenario="walk")
    assert counted(again) == {"read": 3, "duplicates": 3}


# ── Stops ────────────────────────────────────────────────────────────────────────────────────


def many_days(path: Path, count: int) -> Path:
    """Days of many vehicles, now and then one twice with another odometer."""
    lines = [
        f"V{n % (count - count // 50)},2024-05-06,100.0,{110 + n % 37}.{n % 10},,2024-05-07 02:00:00"
        for n in range(count)
    ]
    return table(path, *lines)


def test_an_import_that_was_killed_and_started_again_leaves_the_same_log(
    database: str, city: Database, key: Path, tmp_path: Path
) -> None:
    file = many_days(tmp_path / "days.csv", 4_000)
    progress = file.with_name("days.csv.import-progress")
    command = [sys.executable, "-m", "ledger.cli", "import", "vehicles", str(file), "--programme", CITY]
    command += ["--scenario", "nev", "--source", "oem", "--key-file", str(key), "--json"]
    env = {**os.environ, "DATABASE_URL": database, "LEDGER_GROUP_COMMANDS_MAX": "100"}
    process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while not progress.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    noted = json.loads(progress.read_text())
    assert 0 < noted["done"] < 4_000
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, check=False)
    found = json.loads(done.stdout)
    assert found["read"] == 4_000
    assert not progress.exists()
    open_city(city, "calm")
    calm = CliRunner().invoke(main, [*command[3:7], "calm", *command[8:]], env={"DATABASE_URL": database})
    assert json.loads(calm.stdout)["accepted"] == found["accepted"] + found["duplicates"]
    assert events(city) == events(city, "calm")


def test_an_import_broken_off_after_any_batch_goes_on_to_the_same_log(city: Database, tmp_path: Path) -> None:
    lines = many_days(tmp_path / "days.csv", 300).read_bytes().splitlines(keepends=True)

    def importing(programme_id: str, report: ImportReport) -> Generator[int]:
        destination = Destination(
            programme_id=programme_id,
            scenario_id="nev",
            pseudonyms=Pseudonyms(KEY.encode()),
            participants=None,
            restated_days=7,
        )
        writer = Writer(city, group_commands_max=25)
        read = prepared(read_daily(lines, source="oem", zone=zone("Asia/Shanghai")), destination)
        batches = iter(lambda: list(islice(read, 25)), [])
        yield from Importer(writer, destination, report).run(batches)
        writer.close()

    for stop_after in range(1, 12, 3):
        broken = importing(CITY, ImportReport())
        for _ in range(stop_after):
            next(broken)
        broken.close()
    whole = ImportReport()
    assert sum(importing(CITY, whole)) == 300
    open_city(city, "calm")
    calm = ImportReport()
    assert sum(importing("calm", calm)) == 300
    assert events(city) == events(city, "calm")
    assert whole.accepted + whole.corrected + whole.duplicates == 300


@pytest.mark.usefixtures("city")
def test_a_progress_file_of_another_import_is_not_gone_on_with(
    database: str, key: Path, tmp_path: Path
) -> None:
    file = table(tmp_path / "days.csv", "V1,2024-05-06,100.0,125.0,,")
    for content in ("{", json.dumps({"type": "carbon-ledger import 1", "identity": "x", "report": {}})):
        file.with_name("days.csv.import-progress").write_text(content)
        named = ("--programme", CITY, "--scenario", "nev", "--source", "oem", "--key-file", str(key))
        done = CliRunner().invoke(
            main, ["import", "vehicles", str(file), *named], env={"DATABASE_URL": database}
        )
        assert done.exit_code == 1
        assert "progress_file_unsuitable" in done.stderr


# ── Wrong use ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--programme", "No!"), "--programme"),
        (("--source", "über"), "--source"),
        (("--zone", "Mars/Olympus"), "IANA"),
        (("--participants", "{bad}"), "line 2"),
        (("--participants", "{worse}"), "header"),
        (("--key-file", "{bad}"), "at least 32 bytes"),
        (("--format", "xml"), "--format"),
    ],
)
def test_a_wrong_use_is_told_before_anything_is_read(
    key: Path, tmp_path: Path, options: tuple[str, str], told: str
) -> None:
    file = table(tmp_path / "days.csv")
    bad = table(tmp_path / "bad.csv", "V1,no id", header="vin,participant")
    worse = table(tmp_path / "worse.csv", header="a,b")
    named = {"--programme": CITY, "--scenario": "nev", "--source": "oem", "--key-file": str(key)}
    named[options[0]] = options[1].format(bad=bad, worse=worse)
    done = CliRunner().invoke(main, ["import", "vehicles", str(file), *sum(named.items(), ())])
    assert done.exit_code == 2
    assert told in done.stderr or (told == "header" and "column" in done.stderr)


def test_frames_are_no_charging_sessions_and_no_programme_is_none(database: str, key: Path) -> None:
    file = ROOT / "tests/data/gbt32960_frames.json"
    named = ["--programme", "nowhere", "--scenario", "nev", "--source", "oem", "--key-file", str(key)]
    env = {"DATABASE_URL": database}
    done = CliRunner().invoke(main, ["import", "charging", str(file), *named, "--zone", "UTC"], env=env)
    assert done.exit_code == 2
    assert "frames of vehicles" in done.stderr
    done = CliRunner().invoke(main, ["import", "vehicles", str(file), *named], env=env)
    assert done.exit_code == 1
    assert "programme_not_found" in done.stderr
