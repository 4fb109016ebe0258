from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from signaling.access.oidc.people import login_of, names_role, role_of, shown_name, updated
from signaling.access.oidc.provider import is_safe
from signaling.records import OidcSettings, RoleRule, StaffRecord

RULES = [RoleRule(value="boss", role="owner"), RoleRule(value="desk", role="counselor")]
SETTINGS = OidcSettings(issuer="https://id.example", client_id="c", role_claim="realm_access.roles", roles=RULES)
NARI = StaffRecord(id="o-1", login="nari", name="나리", role="counselor", languages=["ko"])


def claims(roles: Any) -> dict[str, Any]:
    return {"realm_access": {"roles": roles}}


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        (["desk"], "counselor"),
        (["desk", "boss"], "owner"),
        ("desk", "counselor"),
        (["visitors"], None),
        ([], None),
        (None, None),
        ([["desk"]], None),
        ({"desk": True}, None),
    ],
)
def test_first_rule_that_fits_gives_the_role(roles: Any, role: str | None) -> None:
    assert role_of(claims(roles), SETTINGS) == role


@pytest.mark.parametrize(
    "given", [{}, {"realm_access": {}}, {"realm_access": "desk"}, {"realm_access": ["desk"]}, {"roles": ["desk"]}]
)
def test_missing_claim_gives_no_role_and_is_told_from_an_empty_one(given: dict[str, Any]) -> None:
    assert role_of(given, SETTINGS) is None
    assert not names_role(given, SETTINGS)
    assert names_role(claims([]), SETTINGS)


@pytest.mark.parametrize(
    ("claim", "given"),
    [
        ("https://shop.example/roles", {"https://shop.example/roles": ["desk"]}),
        ("resource_access.chat.shop.example.roles", {"resource_access": {"chat.shop.example": {"roles": ["desk"]}}}),
        ("a.b.roles", {"a": {"b": {}}, "a.b": {"roles": ["desk"]}}),
    ],
)
def test_names_in_the_path_may_contain_dots(claim: str, given: dict[str, Any]) -> None:
    assert role_of(given, replace(SETTINGS, role_claim=claim)) == "counselor"


@pytest.mark.parametrize(
    ("given", "login"),
    [
        ({"preferred_username": "Nari", "email": "n@x.example"}, "nari"),
        ({"email": "nari@x.example"}, "nari-x.example"),
        ({"sub": "a|b c"}, "a-b-c"),
        ({"sub": "나리"}, "staff"),
        ({"preferred_username": "x" * 99}, "x" * 50),
        ({"preferred_username": 7}, "staff"),
    ],
)
def test_login_has_the_form_of_an_id(given: dict[str, Any], login: str) -> None:
    assert login_of(given) == login


def test_name_passes_the_text_door() -> None:
    assert shown_name({"name": "나리\u202e"}, "nari") == "나리"
    assert shown_name({"name": " "}, "nari") == "nari"
    assert shown_name({"name": ["x"], "nickname": "Na"}, "nari") == "Na"


def test_member_follows_the_provider_and_keeps_their_own() -> None:
    changed = updated(NARI, claims(["boss"]) | {"name": "Nari Kim"}, SETTINGS)
    assert changed is not None
    assert (changed.roles, changed.name, changed.languages) == (("owner",), "Nari Kim", ["ko"])
    assert updated(NARI, claims([]), SETTINGS) is None


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://id.example", True),
        ("http://127.0.0.1:4000", True),
        ("http://localhost:4000/x", True),
        ("http://[::1]/", True),
        ("http://id.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("https://", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_secrets_go_over_tls_or_to_this_machine(address: str, safe: bool) -> None:
    assert is_safe(address) == safe
