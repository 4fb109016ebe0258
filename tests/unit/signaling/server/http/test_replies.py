"""Saved replies over HTTP: each person's own replies, and the replies that all staff of a site share."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from signaling.records import replies

from .conftest import BEARER, STAFF_ORIGIN, Desk, png, refused

OWN = "/api/replies"
SHARED = "/api/operator/sites/demo-shop/replies"
HELLO = {"language": "ko", "title": "인사", "text": "{user.name} 님, 안녕하세요."}


async def found(desk: Desk, headers: dict[str, str], query: str = "?site=demo-shop&language=ko") -> list[Any]:
    reply = await desk.get(OWN + query, headers=headers)
    assert reply.status == 200, await reply.text()
    return list(await reply.json())


async def saved(desk: Desk, path: str, headers: dict[str, str], **changed: Any) -> str:
    reply = await desk.post(path, HELLO | changed, headers=headers)
    assert reply.status == 200, await reply.text()
    return str((await reply.json())["id"])


async def test_staff_find_shared_replies_and_their_own_only(desk: Desk) -> None:
    ops, jimin, suho = [await desk.cookie_of(login) for login in ("ops", "jimin", "suho")]
    await saved(desk, SHARED, ops, title="배송")
    await saved(desk, SHARED, ops, title="Delivery", language="en")
    mine = await saved(desk, OWN, jimin, title="내 것", language="")
    assert {one["title"]: one["shared"] for one in await found(desk, jimin)} == {"배송": True, "내 것": False}
    assert [one["title"] for one in await found(desk, suho)] == ["배송"]
    assert [one["id"] for one in await found(desk, jimin, "")] == [mine]
    await desk.post(f"{OWN}/{mine}/used", headers=jimin)
    assert [(one["title"], one["uses"]) for one in await found(desk, jimin)] == [("내 것", 1), ("배송", 0)]


async def test_nobody_reads_changes_or_counts_what_is_not_theirs(desk: Desk) -> None:
    ops, jimin, suho = [await desk.cookie_of(login) for login in ("ops", "jimin", "suho")]
    shared, mine = await saved(desk, SHARED, ops), await saved(desk, OWN, jimin)
    for path in (OWN, f"{OWN}/{mine}/remove", f"{OWN}/{mine}/used"):
        assert await refused(await desk.post(path, HELLO | {"id": mine}, headers=suho)) == (404, "not_found")
    assert await refused(await desk.post(OWN, HELLO | {"id": shared}, headers=jimin)) == (404, "not_found")
    assert await refused(await desk.post(f"{OWN}/{shared}/remove", headers=jimin)) == (404, "not_found")
    assert await refused(await desk.post(SHARED, HELLO | {"id": mine}, headers=ops)) == (404, "not_found")
    for path in (SHARED, f"{SHARED}.csv"):
        assert await refused(await desk.get(path, headers=jimin)) == (403, "not_allowed")
        assert await refused(await desk.post(path, HELLO, headers=jimin)) == (403, "not_allowed")
    assert await refused(await desk.get(OWN)) == (401, "signed_out")
    member = await desk.records.staff("suho")
    assert member is not None
    await desk.records.save_staff(replace(member, sites=["elsewhere"]))
    reply = await desk.get(f"{OWN}?site=demo-shop", headers=suho)
    assert await refused(reply) == (404, "not_found")
    assert await refused(await desk.post(f"{OWN}/{shared}/used", headers=suho)) == (404, "not_found")


async def test_replies_are_changed_removed_and_audited(desk: Desk) -> None:
    ops, jimin = await desk.cookie_of("ops"), await desk.cookie_of("jimin")
    shared = await saved(desk, SHARED, ops)
    assert await saved(desk, SHARED, ops, id=shared, text="새 글") == shared
    assert [one["text"] for one in await found(desk, jimin)] == ["새 글"]
    assert (await desk.post(f"{SHARED}/{shared}/remove", headers=ops)).status == 200
    assert await found(desk, jimin) == []
    entries, _ = await desk.records.audits()
    assert [entry.action for entry in entries if entry.actor == "ops"][:3] == ["reply.remove", "reply.save", "reply.save"]


async def test_bad_replies_are_refused_with_a_reason(desk: Desk, monkeypatch: Any) -> None:
    ops, jimin = await desk.cookie_of("ops"), await desk.cookie_of("jimin")
    for changed, reason in (
        ({"title": "\u200b"}, "bad_request"),
        ({"title": "x" * 81}, "bad_request"),
        ({"text": "x" * 4001}, "bad_request"),
        ({"language": "no language"}, "unknown_language"),
    ):
        assert await refused(await desk.post(OWN, HELLO | changed, headers=jimin)) == (400, reason)
    assert await refused(await desk.post(SHARED, HELLO | {"language": "de"}, headers=ops)) == (400, "unknown_language")
    monkeypatch.setattr(replies, "MOST_OWN", 1)
    await saved(desk, OWN, jimin)
    assert await refused(await desk.post(OWN, HELLO, headers=jimin)) == (409, "too_many_replies")


async def with_picture(desk: Desk, path: str, headers: dict[str, str]) -> str:
    added = await desk.post(f"{path}/pictures", data=png(), headers=headers)
    assert added.status == 200, await added.text()
    return str((await added.json())["picture"])


async def test_pictures_of_a_reply_are_copied_into_the_conversation(desk: Desk) -> None:
    ops, jimin, suho = [await desk.cookie_of(login) for login in ("ops", "jimin", "suho")]
    shared, mine = await saved(desk, SHARED, ops), await saved(desk, OWN, jimin, title="내 것")
    of_site, own = await with_picture(desk, f"{SHARED}/{shared}", ops), await with_picture(desk, f"{OWN}/{mine}", jimin)
    assert {one["id"]: one["pictures"] for one in await found(desk, jimin)} == {shared: [of_site], mine: [own]}
    assert (await desk.get(f"{OWN}/pictures/{of_site}", headers=suho)).content_type == "image/webp"
    assert await refused(await desk.get(f"{OWN}/pictures/{own}", headers=suho)) == (404, "not_found")
    assert await refused(await desk.get(f"{OWN}/pictures/{own}")) == (401, "signed_out")

    session = await desk.session()
    path = f"/api/sessions/{session}/pictures/saved"
    for picture in (of_site, own):
        copied = await (await desk.post(path, {"picture": picture, "audience": "all"}, headers=jimin)).json()
        assert (copied["width"], copied["height"]) == (30, 20)
        assert (await desk.get(f"/api/pictures/{copied['picture']}", headers=BEARER)).status == 200
    assert await refused(await desk.post(path, {"picture": of_site}, headers=suho)) == (404, "not_found"), "takes no part"
    assert await refused(await desk.post(path, {"picture": "rp-none"}, headers=jimin)) == (404, "not_found")

    assert await saved(desk, SHARED, ops, id=shared, text="새 글") == shared
    csv = "language,title,text\nko,인사,또 새 글\n".encode()
    assert (await desk.post(f"{SHARED}.csv", data=csv, headers=ops)).status == 200
    assert [one["pictures"] for one in await found(desk, suho)] == [[of_site]], "changes of the text keep the pictures"
    assert (await desk.post(f"{SHARED}/{shared}/pictures/{of_site}/remove", headers=ops)).status == 200
    assert [one["pictures"] for one in await found(desk, suho)] == [[]]
    assert (await desk.post(f"{OWN}/{mine}/remove", headers=jimin)).status == 200
    assert await refused(await desk.get(f"{OWN}/pictures/{own}", headers=jimin)) == (404, "not_found")
    assert await desk.records.reply_picture(own) is None, "removed with its reply"


async def test_pictures_of_replies_are_bounded_and_guarded(desk: Desk) -> None:
    ops, jimin, suho = [await desk.cookie_of(login) for login in ("ops", "jimin", "suho")]
    mine = await saved(desk, OWN, jimin)
    for path, headers in ((f"{OWN}/{mine}", suho), (f"{SHARED}/{mine}", ops), (f"{OWN}/r-none", jimin)):
        assert await refused(await desk.post(f"{path}/pictures", data=png(), headers=headers)) == (404, "not_found")
    assert await refused(await desk.post(f"{SHARED}/{mine}/pictures", data=png(), headers=jimin)) == (403, "not_allowed")
    wrong = await desk.post(f"{OWN}/{mine}/pictures", data=b"no picture", headers=jimin)
    assert await refused(wrong) == (415, "not_a_picture")
    for _ in range(replies.MOST_PICTURES):
        await with_picture(desk, f"{OWN}/{mine}", jimin)
    fifth = await desk.post(f"{OWN}/{mine}/pictures", data=png(), headers=jimin)
    assert await refused(fifth) == (409, "too_many_replies")


async def test_csv_goes_out_and_comes_back(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    await saved(desk, SHARED, ops, title="=배송")
    reply = await desk.get(f"{SHARED}.csv", headers=ops)
    assert reply.headers["Content-Disposition"] == 'attachment; filename="replies-demo-shop.csv"'
    table = (await reply.read()).decode("utf-8")
    assert "ko,'=배송," in table
    headers = {**ops, "Origin": STAFF_ORIGIN}
    same = await desk.http.post(f"{SHARED}.csv", data=table.encode(), headers=headers)
    assert await same.json() == {"added": 0, "changed": 0}
    more = (table.replace("안녕하세요", "반가워요") + "en,Hello,Hello!\r\n").encode()
    assert await (await desk.http.post(f"{SHARED}.csv", data=more, headers=headers)).json() == {"added": 1, "changed": 1}
    bad = await desk.http.post(f"{SHARED}.csv", data=b"nothing", headers=headers)
    assert await refused(bad) == (400, "bad_table")
