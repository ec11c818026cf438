"""Folding a page into boards: who entered, what they gained, who moved, who was erased.

Rule of the room: events are taken one by one, in order, so that nothing depends on where a page
ends; what must be read for that comes through `Stored`, and what must be written stays here.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from ledger.domain.activity import ActivityHeld
from ledger.domain.owners import OrganisationOpened, ParticipantOpened
from ledger.domain.rules import ScenarioPublished
from ledger.domain.visibility import ParticipantErased, ParticipantHidden, ParticipantShown
from ledger.projections.leaderboards_acts import PERIODS, Act, Noticed, starts_of
from ledger.projections.leaderboards_board import LEAF_BITS, Board, Course, Pending
from ledger.projections.leaderboards_count import Placed, count, promote, settle, sum_of
from ledger.projections.leaderboards_memory import WHOLE, Change, Memory, Organisation, Person, Stored


class Fold:
    """One page, being folded."""

    def __init__(self, memory: Memory, stored: Stored, people: dict[str, Person]) -> None:
        """Begin.

        Args:
            memory: of this view; brought up to date.
            stored: what was written before this page.
            people: those of them whom the page names.
        """
        self._memory = memory
        self._stored = stored
        self.people = people
        self.new_boards: list[Board] = []
        self.new_organisations: list[Organisation] = []
        self.new_scenarios: dict[str, int] = {}
        self.touched: dict[int, Board] = {}
        """Boards that the page may change, by number."""
        self.promoted: list[Board] = []
        self.moved: list[tuple[Person, int]] = []
        """People whose earlier rows lie outside their organisation, and where in the log they joined it."""
        self.erased: list[Person] = []
        self.changes: dict[tuple[int, int], Change] = {}
        """By board and organisation, `WHOLE` included."""
        self.courses: dict[tuple[date, str], Course] = {}
        """Those of the page."""
        self._steps: list[Placed | Noticed] = []

    def prepare(self, steps: Iterable[Act | Noticed]) -> None:
        """Give numbers to who and what is new, and name the leaves that will be needed."""
        people, courses = self.people, self.courses
        for step in steps:
            if isinstance(step, Act):
                person = people.get(step.participant_id) or self._person(step.participant_id, step.first)
                course = courses.get((step.on, step.scenario_id)) or self._course(step)
                leaf_number = person.number >> LEAF_BITS
                if leaf_number not in course.leaves:
                    self._name_leaves(course, leaf_number)
                self._steps.append((leaf_number, step, person, course))
            else:
                self._steps.append(step)
                match step.event:
                    case ParticipantOpened(id=own_id):
                        self._name_all_leaves(self._person(own_id, step.position))
                    case ParticipantErased(participant_id=own_id):
                        self._name_all_leaves(self._person(own_id, step.position))
                    case (
                        ParticipantHidden(participant_id=own_id)
                        | ParticipantShown(participant_id=own_id)
                        | ActivityHeld(participant_id=own_id)
                    ):
                        self._person(own_id, step.position)
                    case _:
                        pass

    def run(self) -> None:
        """Take every step, and roll up what came of them."""
        stretch: list[Placed] = []
        for step in self._steps:
            if isinstance(step, Noticed):
                if stretch and self._looks_back(step):
                    self._count(stretch)
                    stretch = []
                self._notice(step)
            else:
                stretch.append(step)
        self._count(stretch)
        self._roll_up()

    # --- who and what is new ----------------------------------------------------------------

    def _person(self, own_id: str, position: int) -> Person:
        person = self.people.get(own_id)
        if person is None:
            self._memory.people += 1
            person = Person(
                own_id, self._memory.people, WHOLE, "shown", position, is_stored=False, is_changed=True
            )
            self.people[own_id] = person
        return person

    def _course(self, act: Act) -> Course:
        """Take up the course of an act that is the page's first in it."""
        key = (act.on, act.scenario_id)
        course = self._memory.courses.get(key)
        if course is None:
            course = self._memory.courses[key] = Course(tuple(self._boards(act)))
        course.begin_page()
        self.courses[key] = course
        self.touched.update((board.number, board) for board in course.boards)
        return course

    def _boards(self, act: Act) -> Iterable[Board]:
        boards = self._memory.boards
        for scenario_id in (act.scenario_id, "") if act.scenario_id else ("",):
            for period, starts_on in zip(PERIODS, starts_of(act.on), strict=True):
                key = (period, starts_on, scenario_id)
                if key not in boards:
                    boards[key] = Board(len(boards) + 1, *key, position=act.first)
                    self.new_boards.append(boards[key])
                yield boards[key]

    def _name_leaves(self, course: Course, number: int) -> None:
        course.leaves[number] = None
        for board in course.boards:
            if not board.large_at:
                self._name_leaf(board, number)

    def _name_leaf(self, board: Board, number: int) -> None:
        if number not in board.leaves:
            board.leaves[number] = self._memory.leaves.get((board.number, number))

    def _name_all_leaves(self, person: Person) -> None:
        if person.is_stored:
            for board in self._memory.boards.values():
                self.touched[board.number] = board
                if not board.large_at:
                    self._name_leaf(board, person.number >> LEAF_BITS)

    # --- acts -------------------------------------------------------------------------------

    def _count(self, stretch: Sequence[Placed]) -> None:
        """Count acts; boards that too many have entered become large."""
        count(stretch)
        for board in list(self.touched.values()):
            if board.arrivals:
                place = settle(board, stretch, self._memory.large_members)
                if place is not None:
                    self._promote(board, stretch, place)

    def _promote(self, board: Board, stretch: Sequence[Placed], place: int) -> None:
        leaves = {
            **self._stored.leaves_of(board),
            **{n: leaf for n, leaf in board.leaves.items() if leaf},
        }
        ids = {person.number: person.id for person in self.people.values()}
        numbers = [number for leaf in leaves.values() for number in leaf.members]
        ids |= self._stored.ids_of(number for number in numbers if number not in ids)
        promote(board, stretch, place, leaves.values(), ids)
        self._memory.drop_leaves(board)
        self.promoted.append(board)
        for course in self.courses.values():
            if board in course.boards:
                course.promote(board)

    # --- notices ----------------------------------------------------------------------------

    def _looks_back(self, noticed: Noticed) -> bool:
        """Whether it changes something about acts before it, so that those must have been counted."""
        match noticed.event:
            case ParticipantOpened(id=own_id):
                return self.people[own_id].position < noticed.position
            case ParticipantErased():
                return True
            case _:
                return False

    def _notice(self, noticed: Noticed) -> None:
        position, event = noticed
        match event:
            case ParticipantOpened(id=own_id, organisation_id=str(organisation_id)):
                self._join(self.people[own_id], organisation_id, position)
            case OrganisationOpened(id=own_id, parent_id=parent_id):
                self._open_organisation(own_id, parent_id, position)
            case ScenarioPublished(id=own_id) if own_id not in self._memory.scenarios:
                self._memory.scenarios.add(own_id)
                self.new_scenarios[own_id] = position
            case ParticipantHidden(participant_id=own_id):
                self._show_as(self.people[own_id], "hidden", position)
            case ParticipantShown(participant_id=own_id):
                self._show_as(self.people[own_id], "shown", position)
            case ParticipantErased(participant_id=own_id):
                self._erase(self.people[own_id], position)
            case _:
                pass

    def _open_organisation(self, own_id: str, parent_id: str | None, position: int) -> None:
        known = self._memory.organisations
        parent = known[parent_id].number if parent_id is not None else WHOLE
        organisation = Organisation(own_id, len(known) + 1, parent, position)
        self._memory.add_organisation(organisation)
        self.new_organisations.append(organisation)

    def _show_as(self, person: Person, visibility: str, position: int) -> bool:
        if person.visibility == "erased":
            return False
        person.visibility, person.position, person.is_changed = visibility, position, True
        return True

    def _join(self, person: Person, organisation_id: str, position: int) -> None:
        """Let somebody belong to an organisation, with whatever they did before."""
        if person.visibility == "erased":
            return
        person.organisation = self._memory.organisations[organisation_id].number
        had_acted = person.position < position
        person.position, person.is_changed = position, True
        if not had_acted:
            return
        if person.is_stored:
            self.moved.append((person, position))
        for board in self._memory.boards.values():
            leaf = board.leaves.get(person.number >> LEAF_BITS)
            if leaf and (place := leaf.find(person.number)) is not None:
                leaf.organisations[place] = person.organisation
                leaf.position = position
                self.move(board.number, person, 1, leaf.amounts_g[place], leaf.credits[place], position)
        for board in self.promoted:
            self._move_pending(board.pending, [board], person, position)
        for course in self.courses.values():
            self._move_pending(course.pending, course.large, person, position)

    def _move_pending(
        self, pending: dict[str, Pending], boards: Iterable[Board], person: Person, position: int
    ) -> None:
        if row := pending.get(person.id):
            row.organisation, row.position = person.organisation, position
            for board in boards:
                entered = int(board.is_promoted)  # of others, those who are new are only known when written
                self.move(board.number, person, entered, row.amount_g, row.credits, position)

    def move(
        self, board: int, person: Person, entered: int, amount_g: int, credits_earned: int, position: int
    ) -> None:
        """Add what somebody had before they joined their organisation to all in which it lies."""
        for organisation in self._memory.within[person.organisation]:
            change = self.changes.setdefault((board, organisation), Change())
            change.add(entered, entered, amount_g, credits_earned, position)

    def _erase(self, person: Person, position: int) -> None:
        if not self._show_as(person, "erased", position):
            return
        self.erased.append(person)
        for board in self._memory.boards.values():
            leaf = board.leaves.get(person.number >> LEAF_BITS)
            if board.is_promoted and person.id in board.pending:
                del board.pending[person.id]
                self.add_everywhere(board.number, person.organisation, Change(0, -1, 0, 0, position))
            elif leaf and (place := leaf.find(person.number)) is not None:
                leaf.remove(place, position)
                self.add_everywhere(board.number, person.organisation, Change(0, -1, 0, 0, position))

    # --- rolling up -------------------------------------------------------------------------

    def _roll_up(self) -> None:
        """Carry what was added for an organisation to everything in which it lies."""
        for course in self.courses.values():
            for organisation, (amount_g, credits_earned, last) in course.sums.items():
                for board in course.boards:
                    entered = board.entries.pop(organisation, 0)
                    gained = Change(entered, entered, amount_g, credits_earned, last)
                    self.add_everywhere(board.number, organisation, gained)

    def added_to_large(self) -> list[tuple[list[Board], dict[str, Pending]]]:
        """Give what the page adds to rows of large boards, by participant; once for boards of the same."""
        courses_of: dict[int, list[Course]] = {}
        for course in self.courses.values():
            for board in course.large if course.pending else ():
                courses_of.setdefault(board.number, []).append(course)
        alike: dict[tuple[int, ...], tuple[list[Board], list[Course]]] = {}
        for number, courses in courses_of.items():
            boards, _ = alike.setdefault(tuple(map(id, courses)), ([], courses))
            boards.append(self.touched[number])
        added = [
            (boards, sum_of([course.pending for course in courses])) for boards, courses in alike.values()
        ]
        return added + [([board], board.pending) for board in self.promoted if board.pending]

    def add_everywhere(self, board: int, organisation: int, added: Change) -> None:
        """Add to a board, to an organisation's part of it, and to those in which it lies."""
        for whole in (WHOLE, *self._memory.within[organisation]):
            change = self.changes.setdefault((board, whole), Change())
            change.add(added.entered, added.members, added.amount_g, added.credits, added.position)
