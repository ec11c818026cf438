"""Hiding, showing and erasing a participant: facts that nothing is decided on."""

from typing import Any

import pytest

from ledger.domain.errors import AccountClosed, AccountNotFound, AccountStatusUnsuitable
from ledger.domain.messages import Command
from tests.unit.builders import ADA, ERASE, HIDE, LATER, SHOW, World, but, holding

topics = pytest.mark.parametrize(
    ("command", "status", "topic"),
    [
        (HIDE, "open", "participant.hidden"),
        (HIDE, "frozen", "participant.hidden"),
        (SHOW, "open", "participant.shown"),
        (SHOW, "frozen", "participant.shown"),
        (ERASE, "closed", "participant.erased"),
    ],
)


@topics
def test_each_change_is_recorded_and_touches_nothing_of_the_book(
    command: Command, status: Any, topic: str
) -> None:
    world = World().put({ADA: holding({LATER: 3}, status=status)})
    (event,) = world.do(command)
    assert (event.topic, event.participant_id, event.legs) == (topic, "ada", ())
    assert event.reason == command.reason  # type: ignore[attr-defined]
    assert (world.account(ADA).status, world.lots(ADA)) == (status, {LATER: 3})


@topics
def test_a_change_may_be_made_that_was_made_before(command: Any, status: Any, topic: str) -> None:
    world = World().put({ADA: holding(status=status)})
    for number in range(2):
        (event,) = world.do(but(command, id=f"change-{number}"))
        assert event.topic == topic


@pytest.mark.parametrize("command", [HIDE, SHOW, ERASE])
def test_of_a_participant_who_is_not_there_nothing_is_shown_or_hidden(command: Command) -> None:
    refusal = World().refusal(command)
    assert isinstance(refusal, AccountNotFound)
    assert refusal.details() == {"account": ADA}


@pytest.mark.parametrize("command", [HIDE, SHOW])
def test_a_closed_participant_is_neither_hidden_nor_shown(command: Command) -> None:
    refusal = World().put({ADA: holding(status="closed")}).refusal(command)
    assert isinstance(refusal, AccountClosed)
    assert refusal.details() == {"account": ADA}


@pytest.mark.parametrize("status", ["open", "frozen"])
def test_only_a_closed_participant_is_erased(status: Any) -> None:
    refusal = World().put({ADA: holding(status=status)}).refusal(ERASE)
    assert isinstance(refusal, AccountStatusUnsuitable)
    assert refusal.details() == {"account": ADA, "status": status, "needed": "closed"}
