"""The finance people of a town: a merchant's files, runs over the days around today, and breaks."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from tests.e2e.town import Answer, Town

MAPPING: Final[dict[str, Any]] = {
    "format": "csv",
    "reference": "order",
    "value": {"column": "amount", "unit": "fen"},
    "happened": {"column": "day", "form": "%Y-%m-%d"},
}
FILE: Final = "application/octet-stream"
HERE: Final = "/reconciliation"


def today() -> date:
    """The town's local day."""
    return datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()


class Office:
    """Whoever reconciles a town."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.starts_on, self.ends_on = today() - timedelta(days=2), today() + timedelta(days=2)

    def furnish(self) -> "Office":
        """Two cups of tea were used, of 5.00 each; it is known how the tea house's files are read."""
        assert self.town.earn("ann", 100, "ride-1").status_code == 201
        for own_id in ("r-1", "r-2"):
            assert self.town.hold(own_id).status_code == 201
            assert self.town.post("poster", f"/redemptions/{own_id}/fulfil").status_code == 201
        assert self.save().status_code == 201
        return self

    def save(self, mapping: Any = MAPPING, merchant_id: str = "tea", role: str = "finance") -> Answer:
        """Say how files are read."""
        return self.town.send_json(f"{HERE}/mappings/{merchant_id}", mapping, role)

    def send(
        self,
        *rows: tuple[str, int],
        kind: str = "merchant",
        query: str = "&merchant=tea",
        raw: bytes | None = None,
        role: str = "finance",
        content_type: str = FILE,
    ) -> Answer:
        """Import a file of rows: orders and their 分, all of today."""
        lines = ["order,amount,day", *(f"{order},{amount},{today()}" for order, amount in rows)]
        content = "\n".join(lines).encode() if raw is None else raw
        return self.town.send(f"{HERE}/files?kind={kind}{query}", content, role, content_type)

    def run(self, role: str = "finance", **fields: Any) -> Answer:
        """Compare the days around today."""
        self.town.follow()
        terms = {"starts_on": str(self.starts_on), "ends_on": str(self.ends_on)}
        return self.town.send_json(f"{HERE}/runs", terms | fields, role)

    def breaks(self, query: str = "") -> list[dict[str, Any]]:
        """Breaks, as they stand."""
        return cast("list[dict[str, Any]]", self.town.get(f"{HERE}/breaks{query}").json["breaks"])

    def differing(self) -> str:
        """Have the merchant tell another amount of r-1, and give the id of the break."""
        assert self.send(("r-1", 450), ("r-2", 500)).status_code == 201
        assert self.run().status_code == 201
        [one] = self.breaks()
        return cast("str", one["break_id"])

    def step(self, break_id: str, verb: str, role: str = "finance", **fields: Any) -> Answer:
        """Do something with a break."""
        return self.town.send_json(f"{HERE}/breaks/{break_id}/{verb}", fields, role)

    def accept(self, break_id: str, role: str = "finance") -> Answer:
        """Propose to leave it as it is."""
        return self.step(break_id, "resolve", role, resolution="accepted", note="too little to ask for")


def statement(*entries: tuple[str, str, int]) -> bytes:
    """A bank's statement of today: own reference, EndToEndId and 分 of each payment."""
    day, total = today(), sum(value for *_, value in entries)
    lines = "".join(
        f'<Ntry><Amt Ccy="CNY">{value // 100}.{value % 100:02}</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{own}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
        for own, reference, value in entries
    )

    def balance(code: str, value: int) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
            f'<Amt Ccy="CNY">{value // 100}.{value % 100:02}'
            f"</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        )

    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>m</MsgId></GrpHdr><Stmt><Id>S</Id><Acct><Id><Othr><Id>51</Id></Othr></Id><Ccy>CNY</Ccy>"
        f"</Acct>{balance('OPBD', 1_000_000)}{lines}{balance('CLBD', 1_000_000 - total)}</Stmt>"
        "</BkToCstmrStmt></Document>"
    ).encode()


def fields_of(answer: Answer) -> set[str]:
    """The fields that were refused."""
    document = json.loads(answer.data)
    assert document["code"] == "fields_invalid", document
    return {error["field"] for error in document["errors"]}
