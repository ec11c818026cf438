"""A budget: the fund that sets money aside for credits."""

from typing import Annotated

import msgspec

from ledger.domain.identifiers import EntityId
from ledger.domain.limits import FEN_PER_CREDIT_MAX


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fund that sets money aside for every credit issued; when it runs out nothing more is issued."""

    fund_id: EntityId
    fen_per_credit: Annotated[int, msgspec.Meta(ge=1, le=FEN_PER_CREDIT_MAX)]
