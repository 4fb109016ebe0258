"""Opening hours: operators set them, and visitors see them."""

from __future__ import annotations

from typing import Any

from .conftest import Desk, refused

AUDIO = "/api/operator/sites/demo-shop/categories/audio/hours"
NEVER = {"timezone": "Asia/Seoul", "week": {}, "days": {}}
ALWAYS = {"timezone": "Asia/Seoul", "week": {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}}


async def panel(desk: Desk, category: str) -> Any:
    reply = await desk.get(f"/api/panel?site=demo-shop&category={category}&lang=ko")
    return (await reply.json())["opening"]


async def test_hours_close_a_category_and_its_subcategories(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    reply = await desk.post(AUDIO.replace("audio", "cameras") + "?lang=en", {"hours": NEVER}, headers=ops)
    shown = {each["id"]: each for each in (await reply.json())["categories"]}
    assert shown["cameras"]["hours"] == NEVER
    assert shown["lenses"]["inherited_from"] == "cameras"
    assert shown["lenses"]["name"] == "Lenses"
    assert await panel(desk, "lenses") == {"open": False, "opens_at": None, "callbacks": True}
    assert await panel(desk, "audio") == {"open": True, "opens_at": None, "callbacks": True}
    assert desk.live.new_hours == ["demo-shop"]

    await desk.post(AUDIO.replace("audio", "lenses"), {"hours": ALWAYS}, headers=ops)
    assert (await panel(desk, "lenses"))["open"]
    assert not (await panel(desk, "cameras"))["open"]
    await desk.post(AUDIO.replace("audio", "cameras"), {"hours": None}, headers=ops)
    assert (await panel(desk, "cameras"))["open"]
    found, _ = await desk.records.audits()
    assert [entry.action for entry in found].count("category.hours") == 3


async def test_change_of_hours_is_undone_from_the_audit(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    for hours in (NEVER, ALWAYS):
        await desk.post(AUDIO, {"hours": hours}, headers=ops)
    newest, older, *_ = (await desk.records.audits())[0]
    assert newest.change is not None
    assert (newest.change.before or {})["hours"]["timezone"] == NEVER["timezone"]
    path = "/api/operator/audit/{}/undo"
    assert await refused(await desk.post(path.format(older.n), {}, headers=ops)) == (409, "changed_meanwhile")
    for entry in (newest, older):
        assert (await desk.post(path.format(entry.n), {}, headers=ops)).status == 200
    site = await desk.records.site("demo-shop")
    assert site is not None
    assert site.categories["audio"].hours is None
    assert desk.live.new_hours == ["demo-shop"] * 4, "waiting users are told"


async def test_invalid_hours_change_nothing(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    for hours, reason in (
        ({"timezone": "Asia/Soul"}, "bad_hours"),
        ({"timezone": "Asia/Seoul", "week": {"mon": ["18:00-09:00"]}}, "bad_hours"),
        ({"timezone": "Asia/Seoul", "week": {"mon": ["9-18"]}}, "bad_request"),
        ({"timezone": "Asia/Seoul", "week": {"someday": []}}, "bad_request"),
    ):
        assert await refused(await desk.post(AUDIO, {"hours": hours}, headers=ops)) == (400, reason)
    site = await desk.records.site("demo-shop")
    assert site is not None
    assert site.categories["audio"].hours is None


async def test_only_operators_set_hours(desk: Desk) -> None:
    jimin = await desk.cookie_of("jimin")
    assert await refused(await desk.get("/api/operator/hours", headers=jimin)) == (403, "not_allowed")
    assert await refused(await desk.post(AUDIO, {"hours": None}, headers=jimin)) == (403, "not_allowed")
    ops = await desk.cookie_of("ops")
    reply = await desk.post(AUDIO.replace("audio", "nothing"), {"hours": None}, headers=ops)
    assert await refused(reply) == (404, "not_found")


async def test_public_holidays_of_a_country_are_named_for_two_years(desk: Desk) -> None:
    ops, path = await desk.cookie_of("ops"), "/api/operator/holidays?place="
    found = await (await desk.get(path + "kr", headers=ops)).json()
    years = {day[:4] for day in found["days"]}
    assert found["installed"]
    assert len(years) == 2
    assert {f"{year}-03-01" for year in years} < set(found["days"])
    assert await (await desk.get(path + "XQ", headers=ops)).json() == {"days": [], "installed": True}
    assert await refused(await desk.get(path + "Korea", headers=ops)) == (400, "bad_request")
