"""Who may do what: every route names its roles, and one check runs before all of them.

Rule of the room: a route that names no roles is closed to everybody. The roles of a command hold
wherever it comes in, alone or as a line of a bulk request.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from flask import Flask, current_app, g, request

from api.serving import the_ledger
from api.typed_fields import MESSAGES
from ledger.domain.activity import RecordActivity
from ledger.domain.adjustment import AdjustCredits
from ledger.domain.campaign import PublishCampaign
from ledger.domain.claiming import ClaimCredits
from ledger.domain.correction import CorrectActivity
from ledger.domain.donation import DonateCredits
from ledger.domain.errors import (
    FieldsInvalid,
    KeyMissing,
    ProgrammeNotFound,
    ProgrammeNotPermitted,
    RoleNotPermitted,
)
from ledger.domain.expiry import RunExpiry
from ledger.domain.fund import CommitMoney
from ledger.domain.fund_alarms import SetFundAlarms
from ledger.domain.identifiers import PROGRAMME_ID
from ledger.domain.lapse import RunLapse
from ledger.domain.limits import ECHO_CHARS_MAX
from ledger.domain.merchant_store import CloseStore, OpenStore
from ledger.domain.messages import SIGNATURE, Command, SignedCommand
from ledger.domain.money import ApproveProposal, ProposeMoney, RejectProposal
from ledger.domain.offer import PublishOffer
from ledger.domain.owners import (
    CloseParticipant,
    FreezeParticipant,
    OpenFund,
    OpenMerchant,
    OpenOrganisation,
    OpenParticipant,
    UnfreezeParticipant,
)
from ledger.domain.payout import ConfirmPayout, FailPayout, InstructPayout, ReturnPayout
from ledger.domain.policy import PublishPolicy
from ledger.domain.programme import OpenProgramme
from ledger.domain.redemption import CancelRedemption, FulfilRedemption, HoldRedemption, RefundRedemption
from ledger.domain.review import DismissActivity, ReleaseActivity
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.domain.sink import AddSinkUnits, OpenSinkProject
from ledger.domain.sponsor import OpenSponsor
from ledger.domain.statement import ApproveStatement, CloseStatement, DisputeLine, ResolveDispute
from ledger.domain.transfer import TransferCredits
from ledger.domain.visibility import EraseParticipant, HideParticipant, ShowParticipant
from ledger.domain.voucher import TakeOffer
from ledger.keys import ROLES, Key, Role

# Back ends post what people do; money is finance's; rules and people are the operator's. A refund
# takes back money that a merchant has earned, which is why it is finance's and a cancel is not.
ROLES_OF_COMMAND: Final[Mapping[type[Command], tuple[Role, ...]]] = {
    RecordActivity: ("poster",),
    ClaimCredits: ("poster",),
    CorrectActivity: ("poster",),
    TransferCredits: ("poster",),
    HoldRedemption: ("poster",),
    FulfilRedemption: ("poster",),
    CancelRedemption: ("poster",),
    RefundRedemption: ("finance",),
    TakeOffer: ("poster",),
    DonateCredits: ("poster",),
    OpenParticipant: ("poster", "operator"),
    OpenMerchant: ("finance",),
    OpenStore: ("finance",),
    CloseStore: ("finance",),
    PublishOffer: ("finance",),
    OpenFund: ("finance",),
    CommitMoney: ("finance",),
    CloseStatement: ("finance",),
    DisputeLine: ("finance",),
    ResolveDispute: ("finance",),
    ApproveStatement: ("finance",),
    InstructPayout: ("finance",),
    ConfirmPayout: ("finance",),
    FailPayout: ("finance",),
    ReturnPayout: ("finance",),
    OpenSponsor: ("finance",),
    ProposeMoney: ("finance",),
    ApproveProposal: ("finance",),
    RejectProposal: ("finance",),
    SetFundAlarms: ("finance",),
    OpenProgramme: ("operator",),
    OpenOrganisation: ("operator",),
    PublishMethodology: ("operator",),
    PublishScenario: ("operator",),
    PublishCampaign: ("operator",),
    PublishPolicy: ("operator",),
    ReleaseActivity: ("operator",),
    DismissActivity: ("operator",),
    FreezeParticipant: ("operator",),
    UnfreezeParticipant: ("operator",),
    CloseParticipant: ("operator",),
    HideParticipant: ("poster", "operator"),
    ShowParticipant: ("poster", "operator"),
    EraseParticipant: ("operator",),
    OpenSinkProject: ("operator",),
    AddSinkUnits: ("operator",),
    AdjustCredits: ("operator",),
    RunExpiry: ("operator",),
    RunLapse: ("operator",),
}

EVERY_ROLE: Final = ROLES

_PROGRAMME_ID: Final = re.compile(PROGRAMME_ID)
_BEARER: Final = "Bearer "

View = TypeVar("View", bound=Callable[..., Any])


class Access(NamedTuple):
    """What a route asks of whoever calls it."""

    roles: tuple[Role, ...]
    """Any one of them is enough; none at all means that no key is needed."""
    every_programme: bool = False
    """Whether the key must open all programmes."""
    query: frozenset[str] = frozenset()
    """Names that may stand in the query."""


def grants(access: Access) -> Callable[[View], View]:
    """Declare what a route asks; read by the check, by the document and by a test."""

    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return mark


def access_of(view: Callable[..., Any]) -> Access | None:
    """Give what a route declared; None when it declared nothing."""
    return getattr(view, "access", None)


def register(app: Flask) -> None:
    """Check every request of an application before its route is entered."""
    app.before_request(_check)


def the_key() -> Key:
    """Give the key of this request."""
    return g.key  # type: ignore[no-any-return]


def signed(command_type: type[Command], value: dict[str, Any], key: Key) -> dict[str, Any]:
    """Give a command's plain values with who asks for it, where that is a part of it.

    Raises:
        FieldsInvalid: they say so themselves.
    """
    if not issubclass(command_type, SignedCommand):
        return value
    if repeated := SIGNATURE & value.keys():
        raise FieldsInvalid(
            errors=[{"field": name, "message": "is taken from the key"} for name in sorted(repeated)]
        )
    return value | {"by": key.key_id}


def require_role(key: Key, roles: tuple[Role, ...]) -> None:
    """Refuse a key that has none of the roles.

    Raises:
        RoleNotPermitted
    """
    if key.role not in roles:
        raise RoleNotPermitted(role=key.role, needed_roles=list(roles))


def _check() -> None:
    """Refuse whoever may not enter the route.

    Raises, in this order:
        KeyMissing, KeyUnknown, RoleNotPermitted, ProgrammeNotPermitted,
        ProgrammeNotFound: the path names what cannot be a programme,
        FieldsInvalid: the query has names that mean nothing here
    """
    if request.routing_exception is not None or request.endpoint is None:
        return  # the framework answers 404 or 405
    access = access_of(current_app.view_functions[request.endpoint])
    if access is None:
        raise RoleNotPermitted(role="", needed_roles=[])
    if access.roles:
        _admit(access, (request.view_args or {}).get("programme_id"))
        _require_known_query(access)


def _admit(access: Access, programme_id: str | None) -> None:
    header = request.headers.get("Authorization", "")
    if not header.startswith(_BEARER):
        raise KeyMissing
    g.key = key = the_ledger().keys.authenticate(header.removeprefix(_BEARER))
    require_role(key, access.roles)
    if key.programme_id is not None and (access.every_programme or key.programme_id != programme_id):
        raise ProgrammeNotPermitted(programme_id=programme_id and programme_id[:ECHO_CHARS_MAX])
    if programme_id is not None and _PROGRAMME_ID.fullmatch(programme_id) is None:
        raise ProgrammeNotFound(programme_id=programme_id[:ECHO_CHARS_MAX])


def _require_known_query(access: Access) -> None:
    if request.query_string and (unknown := request.args.keys() - access.query):
        names = sorted(name[:ECHO_CHARS_MAX] for name in unknown)
        raise FieldsInvalid(errors=[{"field": name, "message": MESSAGES["unknown"]} for name in names])
