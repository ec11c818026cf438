"""How the commands about carbon sinks are decided."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ledger.domain import donation, sink
from ledger.domain.messages import Command
from ledger.domain.registers import EntryKey
from ledger.domain.row import Row
from ledger.domain.state import ProgrammeState


def _sink_key(command: Any, _state: ProgrammeState) -> Iterable[EntryKey]:
    return ((sink.Sink, command.project_id),)


def _sink(command: Any, state: ProgrammeState) -> sink.Sink | None:
    return state.registers.get(sink.Sink, command.project_id)


SINK_ROWS: Final[Mapping[type[Command], Row]] = {
    sink.OpenSinkProject: Row(
        stream=lambda c: ("sink", c.id),
        begins=(sink.SinkOpened,),
        reads=lambda _command, _state: (),
        decide=lambda c, _, at: sink.open_sink(c, at),
    ),
    sink.AddSinkUnits: Row(
        stream=lambda c: ("sink_units", c.id),
        begins=(sink.SinkUnitsAdded,),
        reads=lambda _command, _state: (),
        registers=_sink_key,
        decide=lambda c, s, at: sink.add_units(c, _sink(c, s), at),
    ),
    donation.DonateCredits: Row(
        stream=lambda c: ("donation", c.id),
        begins=(donation.CreditsDonated,),
        reads=lambda c, _: (c.from_account,),
        registers=_sink_key,
        decide=lambda c, s, at: donation.donate_credits(
            c, _sink(c, s), s.accounts, s.programme_id, s.today(at), at
        ),
    ),
}
