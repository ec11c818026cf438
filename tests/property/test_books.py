"""Names of accounts: no two addresses share one, and each is read back, whatever the ids are."""

from beancount.core import account
from hypothesis import given
from hypothesis import strategies as st

from ledger.books import PLACES, address_of, name_of
from ledger.books.accounts import CAPITALISED, PLAIN
from ledger.domain.identifiers import ENTITY_ID

FEW = st.from_regex(r"[aAbB1q][aA1._-]{0,6}", fullmatch=True)
"""Ids that are much alike."""
IDS = st.one_of(st.from_regex(ENTITY_ID, fullmatch=True), FEW)
WORDS = st.from_regex("[a-z]{1,8}", fullmatch=True)
KNOWN = st.builds(lambda place, own_id: place.replace("{id}", own_id), st.sampled_from([*PLACES]), IDS)
OTHERS = st.one_of(
    st.lists(IDS, min_size=1, max_size=4).map(":".join),
    st.builds(lambda kind, own_id, rest: f"{kind}:{own_id}:{rest}", WORDS, IDS, WORDS),
)
ADDRESSES = st.one_of(KNOWN, OTHERS)


@given(ADDRESSES)
def test_an_address_is_read_back_from_its_name(address: str) -> None:
    for spelling in (PLAIN, CAPITALISED):
        assert address_of(name_of(address, spelling), spelling) == address


@given(ADDRESSES, ADDRESSES)
def test_two_addresses_never_share_a_name(one: str, other: str) -> None:
    for spelling in (PLAIN, CAPITALISED):
        assert (name_of(one, spelling) == name_of(other, spelling)) is (one == other)


@given(FEW, FEW)
def test_ids_that_are_much_alike_stay_apart(one: str, other: str) -> None:
    assert (CAPITALISED.written(one) == CAPITALISED.written(other)) is (one == other)


@given(ADDRESSES)
def test_beancount_takes_every_name(address: str) -> None:
    assert account.is_valid(name_of(address, CAPITALISED))
