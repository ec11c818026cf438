"""Readable addresses of the accounts in a programme's book.

Rule of the room: an address is built here and nowhere else. An *owner* (a participant, an
organisation, a merchant, a fund) has a status; its sub-accounts share it.
"""

from typing import Final, Literal

Asset = Literal["gCO2e", "CREDIT", "CNY"]

GRAMS: Final = "gCO2e"
CREDIT: Final = "CREDIT"
CNY: Final = "CNY"

NATURE: Final = "nature"
"""Counter-account of all reductions: grams that were not emitted."""
ISSUANCE: Final = "issuance"
"""Counter-account of all credits ever issued."""
ADJUSTED: Final = "adjusted"
"""Counter-account of adjustments: below zero when more was given than taken."""
REDEEMED: Final = "redeemed"
"""Credits used at merchants."""
EXPIRED: Final = "expired"
"""Credits whose lot ran out."""
LAPSED: Final = "lapsed"
"""Credits that nobody claimed in time."""
FEES: Final = "fees"
"""Money withheld from merchants for the platform."""

_FUND: Final = "fund:"
_AVAILABLE: Final = ":available"

RECOVERABLE: Final = ":recoverable"
"""How the address ends of the money of a fund that merchants have to give back."""


def participant(participant_id: str) -> str:
    """Address of a participant's spendable credits and of all their grams."""
    return f"participant:{participant_id}"


def held(holder: str) -> str:
    """Address of the credits that open redemptions have set aside."""
    return f"{holder}:held"


def pending(holder: str) -> str:
    """Address of the credits that a participant has still to claim."""
    return f"{holder}:pending"


def debt(holder: str) -> str:
    """Address of what a participant owes: below zero by credits taken back that were spent before."""
    return f"{holder}:debt"


def organisation(organisation_id: str) -> str:
    """Address of an organisation's own credits."""
    return f"org:{organisation_id}"


def merchant(merchant_id: str) -> str:
    """Address of a merchant's own credits."""
    return f"merchant:{merchant_id}"


def payable(merchant_id: str) -> str:
    """Address of the money a merchant has earned that is in no statement yet.

    Below zero it is what the merchant has to give back; funds have as much `recoverable`.
    """
    return f"merchant:{merchant_id}:payable"


def settling(merchant_id: str) -> str:
    """Address of the money in a merchant's statements that has not been paid out."""
    return f"merchant:{merchant_id}:settling"


def paid(merchant_id: str) -> str:
    """Address of the money that was paid out to a merchant."""
    return f"merchant:{merchant_id}:paid"


def fund(fund_id: str) -> str:
    """Address of a fund as such: it has a status and no balance of its own."""
    return f"fund:{fund_id}"


def available(fund_id: str) -> str:
    """Address of the money of a fund that nothing is promised against."""
    return f"fund:{fund_id}:available"


def encumbered(fund_id: str) -> str:
    """Address of the money of a fund that open redemptions have set aside."""
    return f"fund:{fund_id}:encumbered"


def backing(fund_id: str) -> str:
    """Address of the money of a fund that is set aside for credits issued on its budget."""
    return f"fund:{fund_id}:backing"


def fund_of_available(account: str) -> str | None:
    """Give the fund whose available money stands at an address; None for any other address."""
    if account.startswith(_FUND) and account.endswith(_AVAILABLE):
        return account[len(_FUND) : -len(_AVAILABLE)]
    return None


def sponsor(sponsor_id: str) -> str:
    """Address of a sponsor as such: it has a status and no balance of its own."""
    return f"sponsor:{sponsor_id}"


def recoverable(fund_id: str) -> str:
    """Address of the money of a fund that merchants have to give back: it cannot be promised yet."""
    return f"fund:{fund_id}{RECOVERABLE}"


def external(sponsor_id: str) -> str:
    """Counter-account of the money a sponsor has committed."""
    return f"sponsor:{sponsor_id}:external"


def retired(project_id: str) -> str:
    """Address of the credits that were donated to a carbon-sink project; nothing ever leaves it."""
    return f"retired:{project_id}"
