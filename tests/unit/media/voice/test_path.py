"""The table that decides which part of a media worker forwards a voice (the mode of the voice).

The tests try every mode with every event, and any sequence of events, without packets.
"""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.voice.path import TRANSITIONS, Effect, Event, Mode, VoicePath, event_of

LENT = {Mode.OFFLOADED, Mode.BUFFERED, Mode.HUSHED, Mode.FLOWING}
"""Modes in which the fast path has taken the voice."""
FOR_THE_MIX = {Mode.MIXED, Mode.BUFFERED, Mode.HUSHED, Mode.PASSTHROUGH, Mode.FLOWING}
LENDS = {Effect.OFFLOAD: Mode.OFFLOADED, Effect.BUFFER: Mode.BUFFERED, Effect.HUSH: Mode.HUSHED, Effect.FLOW: Mode.FLOWING}
ROUTED = {Event.ROUTED_TO_RELAY: Mode.RELAYED, Event.ROUTED_TO_MIX: Mode.MIXED}
every_mode_and_event = pytest.mark.parametrize(("mode", "event"), list(product(Mode, Event)))


def after(mode: Mode, event: Event) -> tuple[Mode, Effect | None]:
    path = VoicePath()
    path.mode = mode
    effect = path.follow(event)
    return path.mode, effect


@every_mode_and_event
def test_fast_path_has_a_voice_in_exactly_the_modes_that_say_so(mode: Mode, event: Event) -> None:
    """A voice is never offloaded twice, and never stays offloaded by mistake."""
    new, effect = after(mode, event)
    if effect in LENDS:
        assert mode not in LENT
        assert new is LENDS[effect]
    elif mode in LENT and new not in LENT:
        assert effect in (Effect.TAKE_BACK, Effect.END_FLOW) or event is Event.RETURNED
    else:
        assert (mode in LENT) == (new in LENT)


@every_mode_and_event
def test_flow_begins_and_ends_with_its_mode(mode: Mode, event: Event) -> None:
    new, effect = after(mode, event)
    assert (effect is Effect.FLOW) == (mode is not Mode.FLOWING and new is Mode.FLOWING)
    assert (effect is Effect.END_FLOW) == (mode is Mode.FLOWING and new is not Mode.FLOWING)


@every_mode_and_event
def test_only_new_routes_move_a_voice_between_relay_and_mix(mode: Mode, event: Event) -> None:
    new, _ = after(mode, event)
    if event in ROUTED:
        assert new is ROUTED[event]
    else:
        assert (mode in FOR_THE_MIX) == (new in FOR_THE_MIX)


@every_mode_and_event
def test_unlisted_pair_changes_nothing(mode: Mode, event: Event) -> None:
    if (mode, event) not in TRANSITIONS:
        assert after(mode, event) == (mode, None)
    else:
        assert after(mode, event)[0] is not mode, "a row that changes no mode would be hard to read"


@pytest.mark.parametrize("mode", Mode)
def test_fast_path_can_return_a_voice_in_every_mode(mode: Mode) -> None:
    assert after(mode, Event.RETURNED)[0] not in LENT


def test_every_mode_and_every_effect_can_be_reached() -> None:
    reached, effects = {Mode.RELAYED}, set()
    for _ in Mode:
        for (mode, _), (new, effect) in TRANSITIONS.items():
            if mode in reached:
                reached.add(new)
                effects.add(effect)
    assert reached == set(Mode)
    assert effects - {None} == set(Effect)


def test_diagram_in_the_documents_shows_the_table() -> None:
    text = (Path(__file__).parents[4] / "docs" / "architecture.md").read_text()
    diagram = next(block for block in text.split("```mermaid")[1:] if "--> offloaded" in block).partition("```")[0]
    drawn = {tuple(each) for each in re.findall(r"(\w+) --> (\w+): (\w+)", diagram)}
    table = {(str(mode), str(new), str(event)) for (mode, event), (new, _) in TRANSITIONS.items()}
    assert drawn <= table
    assert {each for each in table - drawn if each[2] not in ROUTED} == set()


@pytest.mark.slow
@given(st.lists(st.sampled_from(Event)))
def test_any_sequence_of_events_keeps_the_fast_path_in_step(events: list[Event]) -> None:
    path, lent, flows = VoicePath(), False, False
    for event in events:
        effect = path.follow(event)
        if event is Event.RETURNED or effect in (Effect.TAKE_BACK, Effect.END_FLOW):
            lent = False
        lent = lent or effect in LENDS
        flows = effect is Effect.FLOW or (flows and effect is not Effect.END_FLOW)
        assert lent == (path.mode in LENT)
        assert flows == (path.mode is Mode.FLOWING)


facts = st.fixed_dictionaries(
    {name: st.booleans() for name in ("mixed", "tapped", "lendable", "passes_on", "passed", "another_flows")}
    | {"quiet_from": st.sampled_from([0, 49, 70])}
)


@given(facts)
def test_recorded_or_captioned_voice_never_leaves_python(facts: dict[str, int]) -> None:
    assert event_of(**facts | {"tapped": True}) is None


@given(facts)
def test_voice_that_needs_python_never_leaves_it(facts: dict[str, int]) -> None:
    """Python must forward a voice if its packets contain redundant copies, or if there is no fast path."""
    assert event_of(**facts | {"lendable": False}) is None


STEADY = {
    "mixed": True,
    "tapped": False,
    "lendable": True,
    "quiet_from": 0,
    "passes_on": False,
    "passed": False,
    "another_flows": False,
}


@pytest.mark.parametrize(
    ("facts", "event"),
    [
        ({"mixed": False}, Event.STEADY),
        ({}, Event.AUDIBLE),
        ({"quiet_from": 70}, Event.QUIET),
        ({"quiet_from": 70, "another_flows": True}, Event.QUIET),
        ({"another_flows": True}, None),
        ({"passes_on": True}, None),
        ({"passes_on": True, "passed": True}, Event.PASSED),
    ],
)
def test_packet_says_where_the_next_ones_may_go(facts: dict[str, bool], event: Event | None) -> None:
    assert event_of(**STEADY | facts) is event
