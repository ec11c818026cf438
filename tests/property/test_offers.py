"""Whatever is taken, used and given back, in whatever order: no limit is passed and every count is right."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.errors import LedgerError
from ledger.domain.offer_use import OfferTaken, OfferUsed
from ledger.voucher_codes import ALPHABET, CODE_CHARS, digest_of, make_code, qr_payload, read_code
from tests.unit.builders import ADA, BO, NOW, REFUND, RELEASE, World, but, holding
from tests.unit.offer_commands import GIVE_UP, OFFER, USE, take, with_offer

LIMITS = ("stock", "month_quota", "per_participant", "per_participant_month")
DEADLINE_DAYS = 3

numbers = st.integers(1, 12)
limit = st.none() | st.integers(1, 4)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), numbers, st.sampled_from(("ada", "bo"))),
        st.tuples(st.sampled_from(("use", "cancel", "refund", "release")), numbers, st.just("")),
        st.tuples(st.just("wait"), st.integers(1, 20), st.just("")),
        st.tuples(st.just("publish"), limit, st.sampled_from(LIMITS)),
    ),
    max_size=40,
)


class Counting:
    """An offer, and every voucher of it by hand."""

    def __init__(self, terms: dict[str, int | None]) -> None:
        self.terms = terms
        self.version = 1
        self.at = NOW
        self.world: World = with_offer(voucher_valid_days=DEADLINE_DAYS, **terms)
        far = holding({"2030-01-01": 100_000})
        money = {
            f"fund:{own_id}:available": holding(status=None, fen=10_000_000) for own_id in ("city", "bank")
        }
        self.world.put({ADA: far, BO: holding({"2030-01-01": 100_000}), **money})
        self.standing: dict[str, tuple[str, str]] = {}
        """By voucher that is held or used: whose it is, and its month."""
        self.used: set[str] = set()
        self.ended: set[str] = set()

    def do(self, command: Any) -> bool:
        """Whether the command is accepted and changes something."""
        try:
            return bool(self.world.do(command, at=self.at))
        except LedgerError:
            return False

    def room(self, participant_id: str) -> bool:
        """Whether the participant may take one more."""
        month = self.month()
        counts = {
            "stock": len(self.standing),
            "month_quota": sum(of == month for _, of in self.standing.values()),
            "per_participant": sum(who == participant_id for who, _ in self.standing.values()),
            "per_participant_month": sum(one == (participant_id, month) for one in self.standing.values()),
        }
        bounds = {name: self.terms.get(name) for name in LIMITS}
        return all(bounds[name] is None or counts[name] < bounds[name] for name in LIMITS)  # type: ignore[operator]

    def month(self) -> str:
        return f"{self.at + timedelta(hours=8):%Y-%m}"

    def take(self, number: int, participant_id: str) -> None:
        own_id = f"voucher-{number}"
        if own_id in self.standing or own_id in self.ended:
            return
        has_room = self.room(participant_id)
        command = take(number, participant_id=participant_id, offer_version=self.version)
        assert self.do(command) is has_room
        if has_room:
            self.standing[own_id] = participant_id, self.month()

    def end(self, kind: str, number: int) -> None:
        own_id = f"voucher-{number}"
        commands = {
            "use": but(USE, redemption_id=own_id, code_digest=f"{number:032x}"),
            "cancel": but(GIVE_UP, redemption_id=own_id),
            "refund": but(REFUND, redemption_id=own_id),
            "release": but(RELEASE, redemption_id=own_id),
        }
        if not self.do(commands[kind]):
            return
        if kind == "use":
            self.used.add(own_id)
        else:
            assert (own_id in self.used) is (kind == "refund")
            del self.standing[own_id]
            self.ended.add(own_id)

    def publish(self, most: int | None, name: str) -> None:
        self.version += 1
        self.terms = {**self.terms, name: most}
        assert self.do(but(OFFER, version=self.version, voucher_valid_days=DEADLINE_DAYS, **self.terms))

    def require_right(self) -> None:
        used = self.world.entries(OfferUsed)["latte"]
        assert used.vouchers == len(self.standing)
        assert used.months == Counter(month for _, month in self.standing.values())
        taken = {
            f"latte\n{who}": OfferTaken(
                vouchers=sum(one[0] == who for one in self.standing.values()),
                months=dict(Counter(month for one, month in self.standing.values() if one == who)),
            )
            for who, _ in self.standing.values()
        }
        assert self.world.entries(OfferTaken) == taken


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(LIMITS, limit)), steps)
def test_no_limit_is_passed_and_what_counts_is_held_or_used(
    terms: dict[str, int | None], told: list[tuple[str, Any, str]]
) -> None:
    counting = Counting(terms)
    for kind, number, name in told:
        match kind:
            case "take":
                counting.take(number, name)
            case "wait":
                counting.at += timedelta(days=number)
            case "publish":
                counting.publish(number, name)
            case _:
                counting.end(kind, number)
        counting.require_right()


# ── Codes ────────────────────────────────────────────────────────────────────────────────────

keys = st.binary(min_size=32, max_size=32).map(bytes.hex)
programme_ids = st.from_regex(r"[a-z][a-z0-9-]{1,31}", fullmatch=True)
own_ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}", fullmatch=True)


@given(keys, programme_ids, own_ids, st.randoms())
def test_a_code_comes_back_however_it_is_written(key: str, programme_id: str, own_id: str, draw: Any) -> None:
    code = make_code(key, programme_id, own_id)
    assert read_code(code, programme_id) == code
    assert read_code(qr_payload(programme_id, code), programme_id) == code
    lookalikes = {"0": "0oO", "1": "1lLiI"}
    typed = "".join(
        draw.choice(lookalikes.get(character, character + character.lower()))
        + draw.choice(["", "", " ", "-"])
        for character in code.replace("-", "")
    )
    assert read_code(typed, programme_id) == code
    assert digest_of(key, programme_id, code) == digest_of(
        key, programme_id, str(read_code(typed, programme_id))
    )


@given(keys, own_ids, st.integers(0, CODE_CHARS - 1), st.sampled_from(ALPHABET))
def test_a_code_with_one_character_changed_is_no_code(key: str, own_id: str, at: int, character: str) -> None:
    bare = make_code(key, "town", own_id).replace("-", "")
    changed = bare[:at] + character + bare[at + 1 :]
    assert (read_code(changed, "town") is None) is (changed != bare)


@given(st.text(max_size=70), programme_ids)
def test_any_text_is_a_code_or_none(text: str, programme_id: str) -> None:
    read = read_code(text, programme_id)
    assert read is None or read_code(read, programme_id) == read
