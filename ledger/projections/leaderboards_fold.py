"""Folding a page into boards: who entered, what they gained, who moved, who was erased.

Rule of the room: events are taken one by one, in order, so that nothing depends on where a page
ends; what must be read for that comes through `Stored`, and what must be written stays here.
"""

from bisect import bisect_left
from collections.abc import Iterable

from ledger.domain.owners import OrganisationOpened, ParticipantOpened
from ledger.domain.rules import ScenarioPublished
from ledger.domain.visibility import ParticipantErased, ParticipantHidden, ParticipantShown
from ledger.projections.leaderboards_acts import PERIODS, Act, Noticed, starts_of
from ledger.projections.leaderboards_board import LEAF_BITS, Board, Course, Leaf, Pending
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
        self._courses: dict[int, Course] = {}

    def prepare(self, steps: Iterable[Act | Noticed]) -> None:
        """Give numbers to who and what is new, and name the leaves that will be needed."""
        for step in steps:
            if isinstance(step, Act):
                person = self._person(step.participant_id, step.first)
                self._name_leaves(self._course(step), person)
            else:
                match step.event:
                    case ParticipantOpened(id=own_id):
                        self._name_all_leaves(self._person(own_id, step.position))
                    case ParticipantErased(participant_id=own_id):
                        self._name_all_leaves(self._person(own_id, step.position))
                    case ParticipantHidden(participant_id=own_id) | ParticipantShown(participant_id=own_id):
                        self._person(own_id, step.position)
                    case _:
                        pass

    def run(self, steps: Iterable[Act | Noticed]) -> None:
        """Take every step, and roll up what came of them."""
        for step in steps:
            if isinstance(step, Act):
                self._count(step)
            else:
                self._notice(step)
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
        course = self._memory.courses.get((act.on, act.scenario_id))
        if course is None:
            boards = tuple(self._boards(act))
            course = Course(boards, tuple(board for board in boards if board.large_at))
            self._memory.courses[act.on, act.scenario_id] = course
        if id(course) not in self._courses:
            self._courses[id(course)] = course
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

    def _name_leaves(self, course: Course, person: Person) -> None:
        number = person.number >> LEAF_BITS
        if number not in course.leaves:
            course.leaves[number] = ()
            for board in course.boards:
                if not board.large_at:
                    board.leaves.setdefault(number, None)

    def _name_all_leaves(self, person: Person) -> None:
        if person.is_stored:
            leaf = person.number >> LEAF_BITS
            for board in self._memory.boards.values():
                self.touched[board.number] = board
                if not board.large_at:
                    board.leaves.setdefault(leaf)

    # --- acts -------------------------------------------------------------------------------

    def _count(self, act: Act) -> None:
        person = self.people[act.participant_id]
        course = self._memory.courses[act.on, act.scenario_id]
        sums = course.sums.setdefault(person.organisation, [0, 0, 0])
        sums[0] += act.amount_g
        sums[1] += act.credits
        sums[2] = act.last
        if person.visibility == "erased":
            return  # what they did stays in the sums; they do not come back
        number, amount_g, credits_earned, last = person.number, act.amount_g, act.credits, act.last
        leaves = course.leaves.get(number >> LEAF_BITS) or self._leaves(course, number >> LEAF_BITS)
        large = course.large
        for leaf in leaves:  # the innermost loop of catching up, written out for that
            members = leaf.members
            place = bisect_left(members, number)
            if place < len(members) and members[place] == number:
                leaf.amounts_g[place] += amount_g
                leaf.credits[place] += credits_earned
                leaf.position = last
            else:
                leaf.insert(place, number, person.organisation, amount_g, credits_earned)
                leaf.position = last
                board = leaf.board
                board.entered += 1
                board.entries[person.organisation] += 1
                if board.entered > self._memory.large_members:
                    self._promote(board, act)
        for board in large:
            self._count_large(board, person, act)

    def _leaves(self, course: Course, number: int) -> tuple[Leaf, ...]:
        """Give the leaves of all small boards of a course in which a participant is."""
        leaves = []
        for board in course.boards:
            if not board.large_at:
                leaf = board.leaves[number]
                if leaf is None:
                    leaf = board.leaves[number] = Leaf(board)
                leaves.append(leaf)
        course.leaves[number] = tuple(leaves)
        return course.leaves[number]

    def _count_large(self, board: Board, person: Person, act: Act) -> None:
        pending = board.pending.get(person.id)
        if pending is None:
            board.pending[person.id] = Pending(person.organisation, act.amount_g, act.credits, act.last)
            if board.is_promoted:
                board.entries[person.organisation] += 1
        else:
            pending.amount_g += act.amount_g
            pending.credits += act.credits
            pending.position = act.last

    def _promote(self, board: Board, act: Act) -> None:
        """Turn a board's leaves into rows, at the event by which one too many entered."""
        leaves = {
            **self._stored.leaves_of(board),
            **{n: leaf for n, leaf in board.leaves.items() if leaf},
        }
        ids = {person.number: person.id for person in self.people.values()}
        numbers = [number for leaf in leaves.values() for number in leaf.members]
        ids |= self._stored.ids_of(number for number in numbers if number not in ids)
        for leaf in leaves.values():
            columns = zip(leaf.members, leaf.organisations, leaf.amounts_g, leaf.credits, strict=True)
            for number, organisation, amount_g, credits_earned in columns:
                board.pending[ids[number]] = Pending(organisation, amount_g, credits_earned, act.first)
        board.pending[act.participant_id].position = act.last
        board.large_at = board.position = act.first
        board.is_promoted = True
        board.leaves = {}
        self.promoted.append(board)
        for course in self._memory.courses.values():
            if board in course.boards:
                course.leaves = {}
                course.large = (*course.large, board)

    # --- notices ----------------------------------------------------------------------------

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
            if board.large_at:
                self._move_pending(board, person, position)
            elif leaf and (place := leaf.find(person.number)) is not None:
                leaf.organisations[place] = person.organisation
                leaf.position = position
                self.move(board.number, person, 1, leaf.amounts_g[place], leaf.credits[place], position)

    def _move_pending(self, board: Board, person: Person, position: int) -> None:
        if pending := board.pending.get(person.id):
            pending.organisation, pending.position = person.organisation, position
            entered = int(board.is_promoted)  # of others, those who are new are only known when written
            self.move(board.number, person, entered, pending.amount_g, pending.credits, position)

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
        for course in self._courses.values():
            for organisation, (amount_g, credits_earned, last) in course.sums.items():
                for board in course.boards:
                    entered = board.entries.pop(organisation, 0)
                    gained = Change(entered, entered, amount_g, credits_earned, last)
                    self.add_everywhere(board.number, organisation, gained)
            course.sums, course.leaves = {}, {}

    def add_everywhere(self, board: int, organisation: int, added: Change) -> None:
        """Add to a board, to an organisation's part of it, and to those in which it lies."""
        for whole in (WHOLE, *self._memory.within[organisation]):
            change = self.changes.setdefault((board, whole), Change())
            change.add(added.entered, added.members, added.amount_g, added.credits, added.position)
