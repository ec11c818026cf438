"""What the ledger fills into a command that its caller cannot know: the digest of a voucher's code.

Rule of the room: what is filled in here may not stand in the body, and is in no document.
"""

from typing import Any, Final

from api.serving import the_ledger
from ledger.domain.errors import FieldsInvalid
from ledger.domain.messages import Command
from ledger.domain.voucher import TakeOffer

CODE_DIGEST: Final = "code_digest"


def derived_fields(command_type: type[Command]) -> frozenset[str]:
    """Name the fields of a command that no body has."""
    return frozenset({CODE_DIGEST}) & frozenset(command_type.__struct_fields__)


def derived(command_type: type[Command], value: dict[str, Any], programme_id: str) -> dict[str, Any]:
    """Give a command's plain values with those that the ledger makes.

    Raises:
        FieldsInvalid: one of them is there already.
        VoucherKeyMissing
    """
    if repeated := derived_fields(command_type) & value.keys():
        raise FieldsInvalid(
            errors=[{"field": name, "message": "is made by the ledger"} for name in sorted(repeated)]
        )
    if command_type is not TakeOffer:
        return value
    return value | {CODE_DIGEST: the_ledger().vouchers.digest(programme_id, str(value.get("id")))}
