"""Operators set the outcomes and tags that staff can give to a conversation. A search finds sessions by outcome and tag."""

from __future__ import annotations

from typing import Any

from .conftest import Desk, refused

PLAN = {
    "outcomes": [
        {"id": "returns", "names": {"ko": "반품", "en": "Returns"}, "parent": None, "categories": ["cameras"]},
        {"id": "damaged", "names": {"ko": "파손", "en": "Damaged"}, "parent": "returns", "categories": []},
    ],
    "required": ["*"],
    "tags": [{"id": "vip", "names": {"ko": "단골", "en": "Regular"}}],
    "templates": [],
}
SET = "/api/operator/sites/demo-shop/wrap-up"
CHOICES = "/api/sites/demo-shop/wrap-up?category=cameras&lang="


async def choices(desk: Desk, headers: dict[str, str], lang: str = "ko") -> Any:
    return await (await desk.get(CHOICES + lang, headers=headers)).json()


async def test_plan_of_the_operator_is_what_staff_choose_from(desk: Desk) -> None:
    ops, jimin = await desk.cookie_of("ops"), await desk.cookie_of("jimin")
    standard = await choices(desk, jimin)
    assert (standard["outcomes"][0], standard["required"]) == ({"id": "resolved", "name": "해결됨"}, False)
    reply = await desk.post(SET + "?lang=en", {"plan": PLAN}, headers=ops)
    assert (await reply.json())["plan"] == PLAN
    found = await choices(desk, jimin, "en")
    assert found == {
        "outcomes": [{"id": "damaged", "name": "Returns › Damaged"}],
        "required": True,
        "tags": [{"id": "vip", "name": "Regular"}],
        "templates": [],
    }
    [site] = await (await desk.get("/api/operator/wrap-up?lang=ko", headers=ops)).json()
    assert (site["standard"], site["plan"], site["categories"][0]) == (False, PLAN, {"id": "cameras", "name": "카메라"})
    await desk.post(SET, {"plan": None}, headers=ops)
    assert await choices(desk, jimin) == standard
    entries, _ = await desk.records.audits()
    assert [entry.action for entry in entries].count("site.wrap_up") == 2


async def test_plan_of_outcomes_is_undone_from_the_audit(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    before = await desk.records.site("demo-shop")
    assert before is not None
    plan = {"outcomes": [{"id": "sold", "names": {"en": "Sold"}}]}
    reply = await desk.post("/api/operator/sites/demo-shop/wrap-up", {"plan": plan}, headers=ops)
    assert reply.status == 200, await reply.text()
    assert await desk.records.site("demo-shop") != before
    [newest, *_] = (await desk.records.audits())[0]
    assert (await desk.post(f"/api/operator/audit/{newest.n}/undo", {}, headers=ops)).status == 200
    assert await desk.records.site("demo-shop") == before


async def test_only_operators_set_a_plan_and_a_bad_one_changes_nothing(desk: Desk) -> None:
    ops, jimin = await desk.cookie_of("ops"), await desk.cookie_of("jimin")
    assert await refused(await desk.post(SET, {"plan": PLAN}, headers=jimin)) == (403, "not_allowed")
    assert await refused(await desk.get("/api/operator/wrap-up", headers=jimin)) == (403, "not_allowed")
    assert await refused(await desk.get(CHOICES)) == (401, "signed_out")
    for bad, reason in (
        (PLAN | {"required": ["boats"]}, "bad_plan"),
        (PLAN | {"tags": [{"id": "a b", "names": {"ko": "x"}}]}, "bad_request"),
        (PLAN | {"tags": [{"id": "a", "names": {"ko": "\u200b"}}]}, "bad_request"),
        (PLAN | {"tags": [{"id": "a", "names": {"k\u202eo": "x"}}]}, "bad_request"),
    ):
        assert await refused(await desk.post(SET, {"plan": bad}, headers=ops)) == (400, reason)
    assert (await choices(desk, jimin))["outcomes"][0]["id"] == "resolved"


async def test_sessions_are_listed_and_found_by_outcome_and_rating(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    await desk.post(SET, {"plan": PLAN}, headers=ops)
    good, bad = await desk.session(), await desk.session()
    await desk.records.save_wrap_up(good, "jimin", "", "damaged", ["vip"])
    await desk.records.save_rating(good, 5, "")
    await desk.records.save_wrap_up(bad, "jimin", "", "gone", [])

    async def found(query: str) -> list[str]:
        page = await (await desk.get(f"/api/operator/sessions?lang=ko&{query}", headers=ops)).json()
        return [one["id"] for one in page["items"]]

    assert await found("outcome=damaged") == await found("rating=5") == [good]
    assert await found("rating=none") == await found("outcome=gone") == [bad]
    assert await refused(await desk.get("/api/operator/sessions?rating=6", headers=ops)) == (400, "bad_request")
    one = await (await desk.get(f"/api/operator/sessions/{good}?lang=ko", headers=ops)).json()
    assert (one["outcome_name"], one["tags"], one["rating"]) == ("반품 › 파손", ["단골"], 5)
    page = await (await desk.get("/api/operator/sessions?lang=en", headers=ops)).json()
    assert {item["outcome_name"] for item in page["items"]} == {"Returns › Damaged", "gone"}
