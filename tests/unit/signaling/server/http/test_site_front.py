"""The panel and the server respect a site's settings, such as the logo, the channels (text, voice, video) and the form."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from signaling.records import Change, Site
from signaling.records.site_front import FormField

from .conftest import SHOP, Desk, png, refused

SITE = "/api/settings/sites/demo-shop"
FORM = [FormField(id="order", names={"ko": "주문 번호", "en": "Order number"}, required=True)]


async def site_with(desk: Desk, **fields: Any) -> Site:
    site = await desk.records.site("demo-shop")
    assert site is not None
    changed = replace(site, **fields)
    await desk.records.save_site(changed)
    return changed


async def begun(desk: Desk, **body: Any) -> Any:
    return await desk.post("/api/sessions", {"code": await desk.code(), "channel": "text", **body})


async def test_panel_shows_what_the_site_offers_and_asks(desk: Desk) -> None:
    site = await desk.records.site("demo-shop")
    assert site is not None
    asked = replace(site.categories["cameras"], form=FORM)
    await site_with(
        desk, channels=["voice"], waiting_notice={"en": "Have your order ready."}, categories=site.categories | {"cameras": asked}
    )
    panel = await (await desk.get("/api/panel?site=demo-shop&category=cameras&lang=ko", headers={"Origin": SHOP})).json()
    assert panel["channels"] == panel["site"]["channels"] == ["voice"]
    assert panel["site"]["waiting_notice"] == "Have your order ready.", "a notice in another language is better than none"
    assert panel["form"] == [{"id": "order", "name": "주문 번호", "kind": "line", "required": True, "most": 120, "choices": []}]


async def test_server_keeps_to_channels_and_required_fields(desk: Desk) -> None:
    site = await desk.records.site("demo-shop")
    assert site is not None
    asked = replace(site.categories["cameras"], form=FORM)
    await site_with(desk, channels=["text"], categories=site.categories | {"cameras": asked})
    assert await refused(await begun(desk, channel="video", form={"order": "1"})) == (403, "not_offered")
    assert await refused(await begun(desk, form={"order": "\u200b"})) == (400, "form_needed")
    assert (await begun(desk, purpose="later", channel="text")).status == 200, "whoever leaves a message is not asked"
    assert (await begun(desk, form={"order": "A-1"})).status == 200
    assert desk.live.forms_missing == [True, False], "the first can never become a conversation"
    fields = {field.name: (field.value, field.provenance) for field in desk.live.made_briefs[-1].fields}
    assert fields["form.주문 번호"] == ("A-1", "typed")


async def test_logo_is_re_encoded_shown_to_anybody_and_replaced(desk: Desk) -> None:
    owner = await desk.cookie_of("ops")

    async def upload(data: bytes) -> Any:
        return await desk.http.post(f"{SITE}/logo", data=data, headers={"Origin": "http://counselor.localhost:8080", **owner})

    first = (await (await upload(png((60, 40)))).json())["picture"]
    shown = await desk.get(f"/api/logos/{first}")
    assert (shown.status, "immutable" in shown.headers["Cache-Control"]) == (200, True)
    assert await shown.read() != png((60, 40))
    assert (await (await desk.get(SITE, headers=owner)).json())["logo"] == first
    second = (await (await upload(png((30, 20)))).json())["picture"]
    assert (await desk.get(f"/api/logos/{first}")).status == 404
    assert (await refused(await upload(png((1100, 10)))))[1] == "picture_too_large"
    assert (await refused(await upload(b"<svg/>")))[0] == 415
    panel = await (await desk.get("/api/panel?site=demo-shop&category=cameras&lang=ko")).json()
    assert panel["site"]["logo"] == second
    assert (await desk.post(f"{SITE}/logo/remove", {}, headers=owner)).status == 200
    assert (await desk.get(f"/api/logos/{second}")).status == 404
    cookie = await desk.cookie_of("jimin")
    assert await refused(await desk.post(f"{SITE}/logo/remove", {}, headers=cookie)) == (403, "not_allowed")
    removed, changed, _ = [each for each in (await desk.records.audits())[0] if each.action == "site.logo"]
    assert (removed.action, removed.change) == ("site.logo", Change(before={"logo": second}, after={"logo": ""}))
    assert await refused(await desk.post(f"/api/operator/audit/{changed.n}/undo", {}, headers=owner)) == (
        409,
        "changed_meanwhile",
    )
    for entry in (removed, changed):
        assert (await desk.post(f"/api/operator/audit/{entry.n}/undo", {}, headers=owner)).status == 200
    shown = [(await desk.get(f"/api/logos/{each}")).status for each in (first, second)]
    assert shown == [200, 404], "both changes were undone"
    undone = (await desk.records.audits())[0][0]
    assert (await desk.post(f"/api/operator/audit/{undone.n}/undo", {}, headers=owner)).status == 200
    assert (await desk.get(f"/api/logos/{second}")).status == 200, "and an undo can be undone"
    assert desk.live.changed_sites[-1] == "demo-shop"


async def test_seen_page_loads_from_the_site_and_not_with_cookies_of_staff(desk: Desk) -> None:
    await site_with(desk, origins=[SHOP, desk.settings.url])
    policy = (await desk.get("/page-frame?site=demo-shop")).headers["Content-Security-Policy"]
    assert f"img-src {SHOP} data:" in policy
    assert not [own for own in desk.settings.own_origins if f"{own} " in policy], policy
    assert "sandbox allow-same-origin" in policy
