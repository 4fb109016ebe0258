"""The table of rights. The tests check what each role may do, how far each right reaches, and that docs/rights.md agrees."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from signaling.access.rights import ACTIONS, SAYS, TABLE, Thing, may, may_give, of_member, realm_of
from signaling.protocol.words import Office, StaffRole
from signaling.records import Realm, StaffRecord

DOCUMENT = Path(__file__).parents[4] / "docs" / "rights.md"
COLUMNS = ("user", "guest", *reversed(get_args(StaffRole)))
HERE, THERE = Thing("main", frozenset({"shop"})), Thing("main", frozenset({"clinic"}))
WHOLE, FOREIGN = Thing("main"), Thing("acme", frozenset({"shop"}))


def member(*offices: Office, sites: tuple[str, ...] = ("*",), role: str = "operator") -> StaffRecord:
    return StaffRecord(id="m", login="m", name="M", role=role, offices=list(offices), sites=list(sites))


def document_rows() -> list[str]:
    """Return the rows of the table of rights as docs/rights.md must show them."""
    rows = ["| action | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for action in ACTIONS:
        cells = [TABLE[action].get(role, "") for role in COLUMNS]
        rows.append(f"| `{action}`: {SAYS[action]} | " + " | ".join(cells) + " |")
    return rows


def test_document_shows_the_table() -> None:
    lines = DOCUMENT.read_text().partition("\n## ")[0].splitlines()
    assert [line for line in lines if line.startswith("|")] == document_rows()


def test_every_action_is_given_to_somebody_and_described() -> None:
    assert set(TABLE) == set(SAYS) == set(ACTIONS)
    assert all(TABLE[action] for action in ACTIONS)


def test_no_role_reaches_another_organisation_but_the_administrator() -> None:
    for role in get_args(Office):
        for action in ACTIONS:
            if may(member(role), action, FOREIGN):
                assert role == "administrator"
                assert not action.startswith(("past.", "session.", "live."))


@pytest.mark.parametrize("role", ["manager", "supervisor"])
def test_role_at_some_sites_ends_at_these_sites(role: Office) -> None:
    limited = member(role, sites=("shop",))
    assert may(limited, "live.watch", HERE)
    assert not may(limited, "live.watch", THERE)
    assert not may(limited, "live.watch", WHOLE)
    assert realm_of(limited, "live.watch") == Realm(organisation="main", sites=frozenset({"shop"}))
    assert realm_of(limited, "organisations.change") == Realm(organisation="main", sites=frozenset())


def test_supervisor_sees_and_listens_and_changes_nothing() -> None:
    supervisor = member("supervisor")
    assert may(supervisor, "live.listen", HERE)
    assert may(supervisor, "past.read", HERE)
    assert not [action for action in ACTIONS if action.endswith((".change", ".add", ".erase")) and may(supervisor, action, HERE)]


def test_counselor_reaches_only_their_own_sessions() -> None:
    counselor = member(role="counselor")
    assert may(counselor, "past.play", Thing("main", frozenset({"shop"}), own=True))
    assert not may(counselor, "past.play", HERE)


def test_nobody_gives_a_role_above_their_own() -> None:
    manager, owner, administrator = member("manager", sites=("shop",)), member("owner"), member("administrator")
    assert may_give(manager, ["supervisor", "counselor"], HERE)
    assert not may_give(manager, ["supervisor"], THERE)
    assert not may_give(manager, ["owner"], HERE)
    assert may_give(owner, ["owner", "manager"], WHOLE)
    assert not may_give(owner, ["administrator"], WHOLE)
    assert may_give(administrator, ["administrator"], FOREIGN)


def test_member_who_serves_all_sites_belongs_to_the_organisation() -> None:
    assert of_member(member("manager")) == WHOLE
    assert not may(member("manager", sites=("shop",)), "people.change", of_member(member("supervisor")))
