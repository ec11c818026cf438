"""A programme with people, merchants and funds in a real database, on a clock that the test moves."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import psycopg
from hypothesis import strategies as st
from psycopg import sql

from ledger.domain.activity import RecordActivity
from ledger.domain.adjustment import AdjustCredits
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.errors import LedgerError
from ledger.domain.expiry import RunExpiry
from ledger.domain.fund import CommitMoney
from ledger.domain.messages import Command
from ledger.domain.methodology import Factor, Measured
from ledger.domain.owners import CloseParticipant, OpenFund, OpenMerchant, OpenOrganisation, OpenParticipant
from ledger.domain.redemption import (
    CancelRedemption,
    FulfilRedemption,
    FundWeight,
    HoldRedemption,
    RefundRedemption,
)
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.domain.transfer import TransferCredits
from ledger.domain.visibility import EraseParticipant
from ledger.expiry_run import run_expiry
from ledger.following import Follower
from ledger.projections.registry import VIEWS
from ledger.projections.view import View
from ledger.reading import reading
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.writer import Recorded, Writer
from tests.unit.builders import NOW, OPEN_PROGRAMME, but

PEOPLE = ("ada", "bo", "cy")
HOLDERS = (*(f"participant:{own_id}" for own_id in PEOPLE), "org:school", "merchant:cafe")

LIVE = "views"


class Market:
    """One programme, and whoever posts to it."""

    def __init__(
        self, database: Database, programme_id: str = "market", *, at: datetime = NOW, **terms: Any
    ) -> None:
        """Open the programme with everything in it; `at` is the time until it is moved."""
        self.database = database
        self.programme_id = programme_id
        self.at = at
        self.writer = Writer(database, clock=lambda: self.at)
        self.position = 0
        self._names = 0
        names: dict[str, Any] = {"name_zh": "名", "name_en": "name", "occurred_at": at}
        factor = Factor(name="per_km", value="100", unit="g/km", region="全国", year=2022, source="a test")
        self.do(
            but(OPEN_PROGRAMME, id=programme_id, occurred_at=at, **terms),
            PublishMethodology(id="ride", version=1, formula="distance", factors=(factor,), **names),
            *(
                PublishScenario(
                    id=own_id,
                    version=1,
                    methodology_id="ride",
                    methodology_version=1,
                    rule=CreditsPerGrams(credits=1, per_g=100),
                    valid_from=datetime(2000, 1, 1, tzinfo=at.tzinfo),
                    **names,
                )
                for own_id in ("bus", "bike")
            ),
            OpenOrganisation(id="school", **names),
            OpenMerchant(id="cafe", **names),
            OpenMerchant(id="shop", **names),
            OpenFund(id="city", **names),
            OpenFund(id="bank", **names),
            OpenParticipant(id="ada", occurred_at=at),
        )

    def do(self, *commands: Command) -> None:
        """Record commands, all of which must be accepted."""
        for outcome in self.writer.submit_many(self.programme_id, list(commands)):
            assert isinstance(outcome, Recorded), outcome
            self.position = max(self.position, outcome.position)

    def offer(self, command: Command) -> bool:
        """Record a command unless it is refused; say whether it was recorded."""
        (outcome,) = self.writer.submit_many(self.programme_id, [command])
        if isinstance(outcome, LedgerError):
            return False
        self.position = max(self.position, outcome.position)
        return True

    def wait(self, passed: timedelta) -> None:
        """Let time pass."""
        self.at += passed

    # --- Commands ---------------------------------------------------------------------------

    def name(self) -> str:
        """An id that was not used before."""
        self._names += 1
        return f"n{self._names}"

    def commit(self, value_fen: int, fund_id: str = "city") -> Command:
        return CommitMoney(
            occurred_at=self.at, id=self.name(), fund_id=fund_id, sponsor_id="council", value_fen=value_fen
        )

    def ride(
        self,
        km: int,
        participant_id: str = "ada",
        scenario_id: str = "bus",
        occurred_at: datetime | None = None,
    ) -> Command:
        return RecordActivity(
            occurred_at=occurred_at or self.at,
            id=self.name(),
            source="card",
            participant_id=participant_id,
            scenario_id=scenario_id,
            measured=Measured(distance_km=str(km)),
        )

    def give(self, account: str, credits_given: int) -> Command:
        return AdjustCredits(
            occurred_at=self.at,
            id=self.name(),
            account=account,
            credits=credits_given,
            approver="王芳",
            reason="a test",
        )

    def hold(self, own_id: str, **fields: Any) -> Command:
        return HoldRedemption(
            **{
                "occurred_at": self.at,
                "id": own_id,
                "participant_id": "ada",
                "merchant_id": "cafe",
                "credits": 10,
                "face_value_fen": 900,
                "funds": (FundWeight(fund_id="city", weight=2), FundWeight(fund_id="bank", weight=1)),
                "deadline_at": self.at + timedelta(days=30),
                **fields,
            }
        )

    def use(self, own_id: str, **fields: Any) -> Command:
        return FulfilRedemption(**{"occurred_at": self.at, "redemption_id": own_id, **fields})

    def cancel(self, own_id: str) -> Command:
        return CancelRedemption(occurred_at=self.at, redemption_id=own_id, reason="a test")

    def refund(self, own_id: str) -> Command:
        return RefundRedemption(occurred_at=self.at, redemption_id=own_id, reason="a test")

    def leave(self, participant_id: str) -> None:
        """Close and erase a participant, if nothing is left there."""
        fields: dict[str, Any] = {
            "occurred_at": self.at,
            "participant_id": participant_id,
            "reason": "a test",
        }
        if self.offer(CloseParticipant(id=self.name(), **fields)):
            self.do(EraseParticipant(id=self.name(), **fields))

    def expire(self) -> None:
        """Run expiry up to the day before yesterday, which is over in every time zone."""
        recorded = run_expiry(
            database=self.database,
            log=Log(self.database),
            writer=self.writer,
            programme_id=self.programme_id,
            command=RunExpiry(
                occurred_at=self.at, id=self.name(), up_to=(self.at - timedelta(days=2)).date()
            ),
        )
        self.position = max(self.position, recorded.position)

    # --- Views ------------------------------------------------------------------------------

    def follow(
        self,
        name: str,
        *,
        until: int | None = None,
        page_events_max: int = 20_000,
        after: int = 0,
        schema: str = LIVE,
        views: Mapping[str, type[View]] = VIEWS,
    ) -> int:
        """Bring a view up with the log from where it stands; give where it stands now."""
        prefix = "" if schema == LIVE else f"{schema}:"
        follower = Follower(
            self.database,
            self.programme_id,
            clock=lambda: self.at,
            views=views,
            schema=schema,
            prefix=prefix,
            page_events_max=page_events_max,
        )
        until = self.position if until is None else until
        while after < until:
            taken = follower.step({name: after}, until=until)
            assert taken, f"{name} stopped after {after}"
            after += taken
        return after

    def reading(self, name: str) -> Any:
        """Read a view."""
        return reading(self.database, self.programme_id, name)

    def rows(self, table: str, schema: str = LIVE) -> list[str]:
        """Every row of the programme in a table, as text, but for the programme."""
        query = sql.SQL("SELECT t::text FROM {} t WHERE programme_id = %s ORDER BY 1").format(
            sql.Identifier(schema, table)
        )
        with self.database.connection() as connection:
            return [row[0] for row in connection.execute(query, (self.programme_id,))]

    def balances(self, until: int | None = None) -> dict[tuple[str, str, str | None], int]:
        """What every account held after an event, from the legs of the log alone."""
        sums: dict[tuple[str, str, str | None], int] = {}
        log = Log(self.database)
        for page in log.pages(self.programme_id, until=self.position if until is None else until):
            for logged in page:
                for account, asset, lot, amount in log.decode(logged).legs:
                    key = account, asset, lot
                    sums[key] = sums.get(key, 0) + amount
        return sums


# --- A life made up ------------------------------------------------------------------------------

_REDEMPTIONS = st.integers(1, 6)
_CREDITS = st.integers(1, 40)

ACTS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 60, 3_600, 40_000, 86_400, 40 * 86_400])),
    st.tuples(st.just("ride"), st.sampled_from(PEOPLE), st.integers(0, 30), st.integers(0, 50)),
    st.tuples(st.just("commit"), st.sampled_from(["city", "bank"]), st.integers(1, 5_000)),
    st.tuples(st.just("move"), st.sampled_from(HOLDERS), st.sampled_from(HOLDERS), _CREDITS),
    st.tuples(st.just("adjust"), st.sampled_from(HOLDERS), st.integers(-20, 60)),
    st.tuples(
        st.just("hold"),
        _REDEMPTIONS,
        st.sampled_from(PEOPLE),
        st.sampled_from(["cafe", "shop"]),
        st.integers(1, 900),
        st.integers(0, 900),
        st.integers(1, 5),
    ),
    st.tuples(st.just("use"), _REDEMPTIONS),
    st.tuples(st.just("cancel"), _REDEMPTIONS),
    st.tuples(st.just("refund"), _REDEMPTIONS),
    st.tuples(st.just("expire")),
    st.tuples(st.just("leave"), st.sampled_from(PEOPLE)),
)
"""Something that may happen; whatever the ledger refuses does not."""


def happen(market: Market, act: tuple[Any, ...]) -> None:  # noqa: C901 - a table of acts
    """Have one act happen, as far as the ledger allows it."""
    match act:
        case "wait", seconds:
            market.wait(timedelta(seconds=seconds))
        case "ride", person, km, hours_ago:
            occurred_at = market.at - timedelta(hours=hours_ago)
            market.offer(market.ride(km, person, "bus" if km % 2 else "bike", occurred_at))
        case "commit", fund_id, value_fen:
            market.offer(market.commit(value_fen, fund_id))
        case "move", giver, receiver, amount:
            market.offer(
                TransferCredits(
                    occurred_at=market.at,
                    id=market.name(),
                    from_account=giver,
                    to_account=receiver,
                    credits=amount,
                )
            )
        case "adjust", holder, amount:
            market.offer(market.give(holder, amount))
        case "hold", number, person, merchant, face, fee, weight:
            market.offer(
                market.hold(
                    f"r{number}",
                    participant_id=person,
                    merchant_id=merchant,
                    credits=1 + face % 5,
                    face_value_fen=face,
                    fee_fen=min(fee, face),
                    offer_id=f"offer-{number}" if number % 2 else None,
                    funds=(
                        FundWeight(fund_id="city", weight=weight),
                        FundWeight(fund_id="bank", weight=1 + face % 2),
                    ),
                )
            )
        case "use", number:
            market.offer(market.use(f"r{number}", store_id="gate" if number % 2 else None))
        case "cancel", number:
            market.offer(market.cancel(f"r{number}"))
        case "refund", number:
            market.offer(market.refund(f"r{number}"))
        case ("expire",):
            market.expire()
        case "leave", person:
            market.leave(person)


def beside(conninfo: str, schema: str, view: type[View]) -> None:
    """Make the tables of a view once more, in a schema beside the live one."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        for table in view.tables:
            connection.execute(
                sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(
                    sql.Identifier(schema, table.name), sql.Identifier(LIVE, table.name)
                )
            )


def fen(balances: Mapping[tuple[str, str, str | None], int], accounts: Iterable[str]) -> list[int]:
    """What accounts hold in 分."""
    return [balances.get((account, "CNY", None), 0) for account in accounts]
