"""Explanations: every link of every chain, in every language, each number computed again."""

import re
import string
from pathlib import Path

import msgspec
import pytest

from ledger.domain.topics import BY_TOPIC
from ledger.explaining.language import TONGUES, Tongue, language_of
from ledger.explaining.saying import plain, speaker_of
from ledger.explaining.steps import Place, Step, Told
from ledger.explaining.topics import EXPLAINED, explain_other, explain_stream
from tests.unit.explained_stories import STORIES, TEXTS, case_of, explained, lots_of, streams_of, text_of
from tests.unit.story import story

ROOT = Path(__file__).parents[2]


def _topics_with_legs() -> set[str]:
    """As the reference of events says."""
    _, *parts = re.split(r"(?m)^### `([^`]+)`$", (ROOT / "docs/events.md").read_text(encoding="utf-8"))
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    return {topic for topic, text in sections.items() if re.search(r"(?m)^Legs: ", text)}


@pytest.fixture(scope="module")
def steps_of_the_story() -> list[Step]:
    """Every step of every stream of the story in which everything happens."""
    world = story()
    case = case_of(world)
    told = [step for stream in streams_of(world) for step in explain_stream(case, stream)]
    accounts = {leg.account for stream in streams_of(world) for told in stream for leg in told.event.legs}
    return told + [step for account in sorted(accounts) for step in lots_of(world, account)]


def test_every_topic_that_moves_something_has_its_own_explanation() -> None:
    moving = _topics_with_legs()
    assert moving <= BY_TOPIC.keys()
    assert {topic for topic in moving if BY_TOPIC[topic] not in EXPLAINED} == set()


@pytest.mark.parametrize("topic", sorted(_topics_with_legs()))
def test_every_topic_that_moves_something_is_told_in_every_language(topic: str) -> None:
    told = [step for step in explained(story(), topic) if step.topic == topic]
    assert told, "the story knows no such event"
    for tongue in TONGUES:
        assert topic in language_of(tongue).words["topic"]
        assert all(speaker_of(tongue, "Asia/Shanghai").say(step) for step in told)


def test_every_number_of_the_story_comes_out_as_it_was_recorded(steps_of_the_story: list[Step]) -> None:
    checks = [step.check for step in steps_of_the_story if step.check is not None]
    assert len(checks) > 100
    assert [step for step in steps_of_the_story if step.check and not step.check.is_equal] == []


def test_nothing_of_the_story_is_left_undecided(steps_of_the_story: list[Step]) -> None:
    kinds = {step.kind for step in steps_of_the_story}
    assert "cap.not_counted" not in kinds
    assert {"award.whole", "campaign.multiplier", "cap.year_credits", "cap.budget"} <= kinds
    awards = [step for step in steps_of_the_story if step.kind.startswith("award.")]
    assert all(step.check is not None for step in awards)


def test_a_number_that_does_not_come_out_is_told_in_every_language() -> None:
    world = story()
    (stream,) = [
        stream
        for stream in streams_of(world)
        if stream[0].event.topic == "reduction.recorded" and stream[0].event.id == "trip-1"  # type: ignore[attr-defined]
    ]
    forged = msgspec.structs.replace(stream[0].event, amount_g=270)
    steps = explain_stream(case_of(world), [Told(stream[0].position, forged)])
    wrong = [step for step in steps if step.check and not step.check.is_equal]
    assert [step.kind for step in wrong] == ["floor", "grams.entered"]
    assert "269, which is NOT what was recorded (270)" in speaker_of("en", "Asia/Shanghai").say(wrong[0])
    assert "269，与记录（270）不一致" in speaker_of("zh", "Asia/Shanghai").say(wrong[0])


def test_an_event_without_an_explanation_of_its_own_says_what_it_moved() -> None:
    world = story()
    stream = next(one for one in streams_of(world) if one[0].event.topic == "credits.transferred")
    (step,) = explain_other(Place(case_of(world), (), stream[0]))
    assert "participant:bo +3 CREDIT" in speaker_of("en", "Asia/Shanghai").say(step)


# --- texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_explained_as_it_was_approved(name: str, tongue: Tongue) -> None:
    assert text_of(STORIES[name](), tongue) == (TEXTS / f"{name}.{tongue}.txt").read_text(encoding="utf-8")


def test_the_trip_in_sichuan_leads_from_kilometres_to_35_credits() -> None:
    steps = {step.kind: step for step in STORIES["trip_in_sichuan"]()}
    assert steps["petrol"].facts["g_per_l"] == "2164.5414252"
    assert steps["exact"].facts["exact_g"] == "3532.01517225"
    assert steps["floor"].facts["amount_g"] == 3532
    rule = steps["rule.credits_per_grams"].facts
    assert (rule["desired_credits"], rule["remainder_g"]) == (35, 32)
    document = plain(steps["floor"], speaker_of("zh", "Asia/Shanghai"))
    assert document["check"] == {"recorded": 3532, "recomputed": 3532, "is_equal": True, "unit": ""}
    assert document["sentence"].startswith("只向下取整一次")


# --- languages ----------------------------------------------------------------------------------


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_all_languages_say_the_same_kinds_of_steps_with_known_words_and_units() -> None:
    first, *others = [language_of(tongue) for tongue in TONGUES]
    for other in others:
        assert other.templates.keys() == first.templates.keys()
        assert other.units.keys() == first.units.keys()
        assert {kind: words.keys() for kind, words in other.words.items()} == {
            kind: words.keys() for kind, words in first.words.items()
        }
        for kind, template in other.templates.items():
            names = {"name_zh": "name", "name_en": "name"} | {
                "scenario_name_zh": "scenario_name",
                "scenario_name_en": "scenario_name",
            }
            here = {names.get(name, name) for name in _fields(template)}
            there = {names.get(name, name) for name in _fields(first.templates[kind])}
            assert here == there, kind


@pytest.mark.parametrize("tongue", TONGUES)
def test_every_unit_and_kind_of_word_that_a_template_names_is_there(tongue: Tongue) -> None:
    language = language_of(tongue)
    for template in language.templates.values():
        for _, _, how, _ in string.Formatter().parse(template):
            said, _, kind = (how or "").partition("=")
            assert said != "unit" or kind in language.units, template
            assert said != "word" or kind in language.words, template


def test_texts_that_somebody_wrote_are_said_as_they_are() -> None:
    world = story()
    stream = next(one for one in streams_of(world) if one[0].event.topic == "credits.adjusted")
    event = msgspec.structs.replace(stream[0].event, reason="{account!r} {0} %s", approver="{}")
    (step,) = explain_stream(case_of(world), [Told(1, event)])
    assert "{} gave" in speaker_of("en", "Asia/Shanghai").say(step)
    assert "{account!r} {0} %s" in speaker_of("en", "Asia/Shanghai").say(step)


def test_the_example_of_the_documents_is_the_text_that_was_approved() -> None:
    document = (ROOT / "docs/explain.md").read_text(encoding="utf-8")
    for tongue in TONGUES:
        approved = (TEXTS / f"trip_in_sichuan.{tongue}.txt").read_text(encoding="utf-8")
        assert f"```text\n{approved}```" in document
