"""`/api/v1`: what other software reads, changes, exports and erases with a token."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from typing import Any

import aiohttp
import msgspec
import pytest
from msgspec.structs import replace

from signaling.access.api_tokens import RIGHTS, new_record, new_token
from signaling.protocol.session_views import Brief
from signaling.protocol.words import TokenRight
from signaling.records import MessageRecord, Organisation, PersonNote, api_answers
from signaling.records.api_answers import Claim
from signaling.records.appointment_plan import AppointmentPlan
from signaling.server.app_keys import CODES
from signaling.server.http.bodies import now_ms
from signaling.server.http.v1 import idempotency
from signaling.session import encode_snapshot, new_session
from signaling.session.model import Callback
from tests import PATIENCE_S

from . import given
from .conftest import Desk, refused
from .test_api_tokens import bearer, made

V1 = "/api/v1"
SITE = f"{V1}/sites/demo-shop"
HOURS = f"{SITE}/categories/cameras/hours"
NOW = now_ms()  # a present time, because the service deletes sessions that ended long ago
PERSON = {"user_id": "customer/7"}


class Api:
    """Software that holds a token with all rights, or with the rights that a test names."""

    def __init__(self, desk: Desk, token: str) -> None:
        self.desk, self.token = desk, token

    @classmethod
    async def holding(cls, desk: Desk, *rights: TokenRight, sites: tuple[str, ...] = ("*",), organisation: str = "main") -> Api:
        token = new_token()
        record = new_record(
            token,
            organisation=organisation,
            name="Till",
            rights=rights or RIGHTS,
            sites=list(sites),
            maker=None,
            days=1,
            now=now_ms(),
        )
        await desk.records.add_api_token(record)
        return cls(desk, token)

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> aiohttp.ClientResponse:
        options: dict[str, Any] = {} if body is None else {"json": body}
        sent = bearer(self.token) | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.desk.http.request(method, path, headers=sent, **options)

    async def read(self, path: str) -> Any:
        reply = await self.ask("GET", path)
        assert reply.status == 200, await reply.text()
        return await reply.json()


@pytest.fixture
async def api(desk: Desk) -> Api:
    return await Api.holding(desk)


async def stored(desk: Desk, session_id: str, after_ms: int = 0, **fields: Any) -> str:
    """Store a session with one chat line. The session begins `after_ms` after `NOW` and ends 1 ms later."""
    at = NOW + after_ms
    await given.session(desk, session_id, started_at=at, ended_at=at + 1, **fields)
    await desk.records.append_line(
        session_id, line_id="l-1", author="u-1", name="", role="user", kind="text", audience="all", text="안녕하세요", at=at
    )
    return session_id


async def a_person(desk: Desk, session_id: str = "s-kim", site: str = "demo-shop", **fields: Any) -> str:
    """Store a session of `PERSON` with a picture, a file, a note and a recording.

    Also store a message that `PERSON` left for staff.
    """
    user_ref = desk.app[CODES].user_ref(site, PERSON["user_id"])
    await stored(desk, session_id, user_ref=user_ref, site=site, brief=msgspec.json.encode(Brief()), **fields)
    records = desk.records
    await given.picture(desk, f"p-{session_id}", session_id, data=b"a picture")
    await given.file(desk, f"f-{session_id}", session_id, data=b"a bill", name="../bill.pdf")
    given.recording(desk, session_id, b"a voice")
    await records.add_message(_message(session_id, f"m-{session_id}", site=site))
    await records.add_note(
        PersonNote(id=f"n-{session_id}", site=site, user_ref=user_ref, session=session_id, author="jimin", text="kind", at=1)
    )
    return session_id


def _message(session: str, message_id: str, at: int = 5, site: str = "demo-shop") -> MessageRecord:
    return MessageRecord(
        id=message_id, session=session, site=site, category="cameras", language="ko", contact="010", text="help", at=at
    )


# --- sessions ------------------------------------------------------------------------------------------------------------


async def test_list_is_walked_by_its_cursor(desk: Desk, api: Api) -> None:
    made = {await stored(desk, f"s-{number}", after_ms=number // 2) for number in range(7)}
    seen: list[str] = []
    cursor = ""
    while True:
        part = await api.read(f"{V1}/sessions?limit=3&cursor={cursor}")
        seen += [item["id"] for item in part["items"]]
        # a session that begins while the software reads the list does not shift the later pages of the list
        await stored(desk, f"s-new{len(seen)}", after_ms=9000)
        cursor = part["next"]
        if not cursor:
            break
    assert len(seen) == 7
    assert set(seen) == made
    assert [item["id"] for item in (await api.read(f"{V1}/sessions?to={NOW + 1}"))["items"]] == ["s-0", "s-1"]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "MQ", "_-_-_-"])
async def test_wrong_cursor_is_refused(api: Api, cursor: str) -> None:
    assert await refused(await api.ask("GET", f"{V1}/sessions?cursor={cursor}")) == (400, "bad_request")


async def test_session_is_read_with_its_lines_and_audited(desk: Desk, api: Api) -> None:
    await stored(desk, "s-1")
    assert [line["text"] for line in (await api.read(f"{V1}/sessions/s-1"))["lines"]] == ["안녕하세요"]
    text = await (await api.ask("GET", f"{V1}/sessions/s-1/transcript")).text()
    assert "안녕하세요" in text
    found, _ = await desk.records.audits()
    [token] = await desk.records.api_tokens()
    assert [(entry.actor, entry.action) for entry in found[:2]] == [
        (f"token/{token.id}", "transcript.export"),
        (f"token/{token.id}", "session.read"),
    ]
    shown = await (await desk.get("/api/operator/audit", headers=await desk.cookie_of("ops"))).json()
    assert {"Till (API)"} <= {item["actor"] for item in shown["items"]}


async def test_erasure_is_proved_by_counts(desk: Desk, api: Api) -> None:
    session = await a_person(desk)
    reply = await api.ask("DELETE", f"{V1}/sessions/{session}")
    proof = await reply.json()
    assert proof["held"] == {
        "lines": 1,
        "board_updates": 0,
        "events": 0,
        "messages": 1,
        "pictures": 1,
        "files": 1,
        "notes": 1,
        "mails": 0,
        "push_devices": 0,
    }
    assert (proof["recordings"], proof["recordings_left"], set(proof["left"].values())) == (1, 0, {0})
    assert desk.live.erasures == [session]
    assert not (desk.settings.files_dir / session).exists()
    [newest, *_] = (await desk.records.audits())[0]
    assert newest.action == "session.erase"
    for path in (f"{V1}/sessions/{session}", f"{V1}/sessions/{session}/transcript"):
        assert await refused(await api.ask("GET", path)) == (410, "erased"), "an empty session would look like a quiet one"
    listed = (await api.read(f"{V1}/sessions"))["items"]
    assert [(each["id"], each["end_reason"]) for each in listed] == [(session, "erased")]
    assert (await api.ask("DELETE", f"{V1}/sessions/{session}")).status == 200


# --- people --------------------------------------------------------------------------------------------------------------


async def test_person_is_found_exported_and_erased(desk: Desk, api: Api) -> None:
    kim = await a_person(desk)
    other = await stored(desk, "s-other", user_ref=desk.app[CODES].user_ref("demo-shop", "customer/8"))
    found = await (await api.ask("POST", f"{V1}/people/find", PERSON)).json()
    assert (found["sessions"], found["held"]["lines"]) == ([kim], 1)

    reply = await api.ask("POST", f"{V1}/people/export", PERSON)
    assert (reply.status, reply.content_type) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(await reply.read())) as exported:
        assert exported.testzip() is None
        here = f"sessions/{kim}"
        names = set(exported.namelist())
        assert exported.read(f"{here}/pictures/p-{kim}.webp") == b"a picture"
        assert exported.getinfo(f"{here}/pictures/p-{kim}.webp").compress_type == zipfile.ZIP_STORED
        assert exported.read(f"{here}/files/f-{kim}-_bill.pdf") == b"a bill"
        assert exported.read(f"{here}/recordings/1-1/1-audio.webm") == b"a voice"
        assert "안녕하세요" in exported.read(f"{here}/conversation.html").decode()
        assert msgspec.json.decode(exported.read(f"{here}/notes.json"))[0]["text"] == "kind"
        assert msgspec.json.decode(exported.read(f"{here}/messages.json"))[0]["contact"] == "010"
        assert msgspec.json.decode(exported.read("person.json"))["held"] == found["held"]
    assert not [name for name in names if other in name or ".." in name or name.startswith("/")]

    proof = await (await api.ask("POST", f"{V1}/people/erase", PERSON)).json()
    assert (proof["sessions"], proof["held"], set(proof["left"].values())) == (1, found["held"], {0})
    assert (await (await api.ask("POST", f"{V1}/people/find", PERSON)).json())["sessions"] == []
    assert await refused(await api.ask("POST", f"{V1}/people/export", PERSON)) == (404, "not_found")
    assert (await desk.records.lines(other))[0].text == "안녕하세요"
    actions = [entry.action for entry in (await desk.records.audits())[0]]
    assert {"person.export", "person.erase", "session.erase"} <= set(actions)


async def test_same_person_at_a_site_out_of_reach_stays(desk: Desk) -> None:
    demo = await desk.records.site("demo-shop")
    assert demo is not None
    await desk.records.save_organisation(Organisation(id="rival", name="Rival"))
    await desk.records.save_site(replace(demo, id="clinic"))
    await desk.records.save_site(replace(demo, id="rival-shop", organisation="rival"))
    await a_person(desk)
    await a_person(desk, "s-clinic", "clinic")
    await a_person(desk, "s-rival", "rival-shop", organisation="rival")
    api = await Api.holding(desk, sites=("demo-shop",))
    proof = await (await api.ask("POST", f"{V1}/people/erase", PERSON)).json()
    assert proof["sessions"] == 1
    for left in ("s-clinic", "s-rival"):
        assert await desk.records.lines(left)


# --- settings ------------------------------------------------------------------------------------------------------------


async def test_site_is_changed_only_as_it_was_read(desk: Desk, api: Api) -> None:
    read = await api.ask("GET", SITE)
    settings = (await read.json())["settings"] | {"accent": "#123456"}
    assert await refused(await api.ask("PUT", SITE, settings)) == (428, "precondition_needed")
    saved = await api.ask("PUT", SITE, settings, If_Match=read.headers["ETag"])
    assert (saved.status, (await saved.json())["settings"]["accent"]) == (200, "#123456")
    assert await refused(await api.ask("PUT", SITE, settings, If_Match=read.headers["ETag"])) == (412, "changed_meanwhile")
    wrong = await api.ask("PUT", SITE, settings | {"accent": "red"}, If_Match="*")
    assert (wrong.status, (await wrong.json())["fields"]) == (422, {"accent": "bad_colour"})
    assert desk.live.changed_sites == ["demo-shop"]


async def test_older_client_does_not_reset_what_it_does_not_know(desk: Desk, api: Api) -> None:
    """The client is older than the settings `captions`, `appointments` and `channels`.

    This client sends only the settings that it knows.
    """
    site = await desk.records.site("demo-shop")
    assert site is not None
    plan = AppointmentPlan(minutes=45)
    cameras = replace(site.categories["cameras"], widens_s=(7, 11))
    await desk.records.save_site(
        replace(site, captions="off", appointments=plan, categories=site.categories | {"cameras": cameras})
    )
    known = (await api.read(SITE))["settings"]
    for newer in ("captions", "appointments", "channels"):
        del known[newer]
    known["categories"] = [{"id": each["id"], "names": {"en": each["id"]}} for each in known["categories"]]
    saved = await (await api.ask("PUT", SITE, known | {"accent": "#123456"}, If_Match="*")).json()
    after = await desk.records.site("demo-shop")
    assert after is not None
    assert saved["settings"]["accent"] == after.accent == "#123456"
    assert (after.captions, after.appointments, after.channels) == ("off", plan, site.channels)
    assert after.categories["cameras"] == replace(cameras, names={"en": "cameras"})
    await api.ask("PUT", SITE, {"appointments": {"minutes": 30}, "categories": []}, If_Match="*")
    after = await desk.records.site("demo-shop")
    assert after is not None
    assert (after.appointments, after.categories) == (replace(plan, minutes=30), {}), "what is given counts as it is"
    for wrong in ({"categories": [7]}, {"categories": [{"id": 7}]}, {"appointments": {"minutes": "long"}}, []):
        assert (await api.ask("PUT", SITE, wrong, If_Match="*")).status == 400


async def test_hours_are_read_and_changed(desk: Desk, api: Api) -> None:
    tag = (await api.ask("GET", HOURS)).headers["ETag"]
    wanted = {"hours": {"timezone": "Asia/Seoul", "week": {"mon": ["09:00-12:00"]}, "days": {}}}
    assert (await api.ask("PUT", HOURS, wanted, If_Match=tag)).status == 200
    assert (await api.read(HOURS))["hours"]["week"] == {"mon": ["09:00-12:00"]}
    assert await refused(await api.ask("PUT", HOURS, wanted, If_Match=tag)) == (412, "changed_meanwhile")
    bad = {"hours": {"timezone": "Mars", "week": {}, "days": {}}}
    assert await refused(await api.ask("PUT", HOURS, bad, If_Match="*")) == (400, "bad_hours")
    assert desk.live.new_hours == ["demo-shop"]


async def test_lists_of_settings_are_read(api: Api) -> None:
    assert (await api.read(f"{V1}/sites"))["items"][0]["id"] == "demo-shop"
    assert "cameras" in [each["id"] for each in await api.read(f"{SITE}/categories")]
    assert "jimin" in [each["login"] for each in (await api.read(f"{V1}/staff"))["items"]]
    assert (await api.read(f"{V1}/staff/jimin"))["settings"]["name"] == "Jimin"
    assert (await api.read(f"{V1}/hours"))[0]["id"] == "demo-shop"
    assert "password" not in str(await api.read(f"{V1}/staff/jimin"))


# --- the desk ------------------------------------------------------------------------------------------------------------


async def test_messages_are_listed_and_marked(desk: Desk, api: Api) -> None:
    await stored(desk, "s-1", state="message_left")
    for number in (1, 2):
        await desk.records.add_message(_message("s-1", f"m-{number}", at=number * 10))
    assert [each["id"] for each in (await api.read(f"{V1}/messages?since=15"))["items"]] == ["m-2"]
    marked = await (await api.ask("PUT", f"{V1}/messages/m-1", {"state": "taken"})).json()
    assert (marked["state"], marked["taken_by"]) == ("taken", "API: Till")
    assert [each["id"] for each in (await api.read(f"{V1}/messages?state=new"))["items"]] == ["m-2"]
    assert desk.live.new_messages == 1
    await desk.records.set_message_state("m-2", "taken", "jimin")
    assert await refused(await api.ask("PUT", f"{V1}/messages/m-2", {"state": "done"})) == (409, "wrong_state")
    assert await refused(await api.ask("PUT", f"{V1}/messages/m-9", {"state": "done"})) == (404, "not_found")


async def test_callbacks_are_listed_with_their_contacts(desk: Desk, api: Api) -> None:
    session = new_session(
        id="s-1", site="demo-shop", category="cameras", language="ko", channel="voice", user="u-1", name="김", now=0
    )
    session.callback = Callback(state="scheduled", due_at=5000, contact="010-1234", note="after six")
    await stored(desk, "s-1", state="callback", user_name="김", snapshot=encode_snapshot(session))
    await stored(desk, "s-2")
    listed = await api.read(f"{V1}/callbacks")
    [item] = listed["items"]
    assert (item["session"], item["name"], item["callback"]["contact"], listed["next"]) == ("s-1", "김", "010-1234", "")


async def test_live_state_and_reports_are_read(api: Api) -> None:
    assert (await api.read(f"{V1}/live"))["served_today"] == 3
    report = await api.read(f"{V1}/reports?from=0&to=86400000")
    assert len(report["rows"]) == 1


# --- codes ---------------------------------------------------------------------------------------------------------------


async def test_code_vouches_for_its_user_and_is_exchanged_once(desk: Desk, api: Api) -> None:
    wanted = {"category": "cameras", "language": "ko", "user": {"id": "customer/7", "name": "Kim"}, "claims": {"plan": "gold"}}
    made = await (await api.ask("POST", f"{SITE}/codes", wanted)).json()
    assert made["expires_at"] > now_ms()
    used = await desk.post("/api/sessions", {"code": made["code"], "channel": "text"})
    assert used.status == 200, await used.text()
    fields = {field.name: (field.value, field.provenance) for field in desk.live.made_briefs[0].fields}
    assert (fields["user_name"], fields["claim.plan"]) == (("Kim", "signed"), ("gold", "signed"))
    assert (await (await api.ask("POST", f"{V1}/people/find", PERSON)).json())["sessions"] == ["s-1"]
    assert await refused(await desk.post("/api/sessions", {"code": made["code"], "channel": "text"})) == (409, "replayed")


@pytest.mark.parametrize(
    ("fields", "reason"), [({"category": "x"}, "unknown_category"), ({"language": "xx"}, "unknown_language")]
)
async def test_code_for_a_wrong_place_is_refused(api: Api, fields: dict[str, str], reason: str) -> None:
    reply = await api.ask("POST", f"{SITE}/codes", {"category": "cameras", "language": "ko"} | fields)
    assert (await refused(reply))[1] == reason


async def test_code_for_a_user_opens_the_past_of_this_user_only(desk: Desk) -> None:
    """The settings page and docs/api.md warn: software with the right `codes.make` can read a user's past conversations."""
    kim = await a_person(desk)
    await stored(desk, "s-other", user_ref=desk.app[CODES].user_ref("demo-shop", "customer/8"))
    api = await Api.holding(desk, "codes.make")
    wanted = {"category": "cameras", "language": "ko", "user": {"id": PERSON["user_id"], "name": "Kim"}}
    code = (await (await api.ask("POST", f"{SITE}/codes", wanted)).json())["code"]
    thread = (await (await desk.post("/api/threads", {"code": code})).json())["token"]
    seen = await (await desk.get("/api/threads", headers=bearer(thread))).json()
    assert [each["id"] for each in seen["items"]] == [kim]
    assert await refused(await api.ask("GET", f"{V1}/sessions/{kim}")) == (403, "not_allowed")


# --- idempotency keys ----------------------------------------------------------------------------------------------------


async def test_repeated_request_is_carried_out_once(desk: Desk, api: Api) -> None:
    wanted = {"category": "cameras", "language": "ko"}
    first = await api.ask("POST", f"{SITE}/codes", wanted, Idempotency_Key="a")
    again = await api.ask("POST", f"{SITE}/codes", wanted, Idempotency_Key="a")
    assert await first.json() == await again.json()
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    other = await api.ask("POST", f"{SITE}/codes", wanted, Idempotency_Key="b")
    assert await other.json() != await first.json()
    reused = await api.ask("POST", f"{SITE}/codes", wanted | {"claims": {"a": "b"}}, Idempotency_Key="a")
    assert await refused(reused) == (422, "key_reused")
    elsewhere = await api.ask("POST", f"{SITE}/codes?booking=B", wanted, Idempotency_Key="a")
    assert await refused(elsewhere) == (422, "key_reused"), "the query belongs to the request"
    stranger = await Api.holding(desk)
    assert await (await stranger.ask("POST", f"{SITE}/codes", wanted, Idempotency_Key="a")).json() != await first.json()


async def test_refused_request_may_be_tried_again_with_its_key(api: Api) -> None:
    path, wanted = f"{SITE}/codes", {"category": "nothing", "language": "ko"}
    assert (await api.ask("POST", path, wanted, Idempotency_Key="a")).status == 404
    assert (await api.ask("POST", path, wanted | {"category": "cameras"}, Idempotency_Key="a")).status == 200
    assert await refused(await api.ask("POST", path, wanted, Idempotency_Key="ö")) == (400, "bad_request")


async def test_remembered_answer_needs_the_right_of_its_request(desk: Desk) -> None:
    token = (await made(desk, rights=["sessions.read", "codes.make"], sites=["*"]))["token"]
    api, path = Api(desk, token), f"{V1}/people/find"
    assert (await api.ask("POST", path, PERSON, Idempotency_Key="a")).status == 200
    maker = await desk.records.staff("ops")
    assert maker is not None
    await desk.records.save_staff(replace(maker, offices=["administrator"]), keep_owner=False)
    assert await refused(await api.ask("POST", path, PERSON, Idempotency_Key="a")) == (403, "not_allowed")
    wanted = {"category": "cameras", "language": "ko"}
    assert (await api.ask("POST", f"{SITE}/codes", wanted, Idempotency_Key="b")).status == 200, "the rest of the rights stays"
    assert (await api.ask("POST", f"{V1}/nothing", {}, Idempotency_Key="c")).status == 404


async def test_request_that_is_still_answered_is_not_begun_again(desk: Desk, api: Api) -> None:
    [token] = await desk.records.api_tokens()
    path, body = f"{V1}/people/find", msgspec.json.encode(PERSON)
    digest = hashlib.sha256(path.encode() + b"\n" + body).hexdigest()
    assert await desk.records.claim_answer(Claim(token.id, "a", "other server"), digest, now_ms()) is None
    headers = bearer(api.token) | {"Idempotency-Key": "a"}
    assert await refused(await desk.http.post(path, data=body, headers=headers)) == (409, "in_progress")
    again = await desk.records.claim_answer(Claim(token.id, "a", "this server"), digest, now_ms() + 61_000)
    assert again is None, "its server has died"


async def test_request_that_takes_minutes_is_not_begun_again(desk: Desk, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    now, begun, go, renewals = now_ms(), asyncio.Event(), asyncio.Event(), asyncio.Queue[int]()
    held, renew = desk.records.held, desk.records.renew_claim

    async def first_waits(sessions: list[str]) -> Any:
        if not begun.is_set():
            begun.set()
            await go.wait()
        return await held(sessions)

    async def noted(claim: Claim, at: int) -> None:
        await renew(claim, at)
        renewals.put_nowait(at)

    monkeypatch.setattr(desk.records, "held", first_waits)
    monkeypatch.setattr(desk.records, "renew_claim", noted)
    monkeypatch.setattr(idempotency, "_RENEW_S", 0.01)
    monkeypatch.setattr(idempotency, "now_ms", lambda: now)
    path = f"{V1}/people/find"
    async with asyncio.timeout(PATIENCE_S):
        first = asyncio.create_task(api.ask("POST", path, PERSON, Idempotency_Key="a"))
        await begun.wait()
        for _ in range(3):
            now += 40_000
            while await renewals.get() < now:
                pass
        assert await refused(await api.ask("POST", path, PERSON, Idempotency_Key="a")) == (409, "in_progress")
        go.set()
        assert (await first).status == 200
    assert (await api.ask("POST", path, PERSON, Idempotency_Key="a")).headers["Idempotency-Replayed"] == "true"


async def test_late_request_neither_completes_nor_releases_the_claim_of_another(desk: Desk, api: Api) -> None:
    [token] = await desk.records.api_tokens()
    late, present, third = (Claim(token.id, "a", owner) for owner in ("late", "present", "third"))
    now, after = now_ms(), now_ms() + 61_000
    assert await desk.records.claim_answer(late, "", now) is None
    assert await desk.records.claim_answer(present, "", after) is None
    await desk.records.renew_claim(late, after + 50_000)
    await desk.records.keep_answer(late, 200, "late", after)
    await desk.records.forget_answer(late)
    known = await desk.records.claim_answer(third, "", after + 59_000)
    assert known is not None
    assert known.status == 0
    await desk.records.keep_answer(present, 200, "present", after)
    known = await desk.records.claim_answer(third, "", after + 61_000)
    assert known is not None
    assert known.body == "present"


async def test_remembered_answers_are_bounded_sealed_and_forgotten(desk: Desk, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_answers, "MOST_ANSWERS", 3)
    wanted = {"category": "cameras", "language": "ko"}
    made = [await (await api.ask("POST", f"{SITE}/codes", wanted, Idempotency_Key=f"k{n}")).json() for n in range(5)]
    [token] = await desk.records.api_tokens()
    now = now_ms()
    known = [await desk.records.claim_answer(Claim(token.id, f"k{n}", ""), "", now) for n in (4, 3, 2)]
    assert all(answer is not None and answer.status == 200 for answer in known)
    assert not [answer for answer in known if answer and made[4]["code"] in answer.body]
    assert await desk.records.claim_answer(Claim(token.id, "k0", ""), "", now) is None
    assert await desk.records.claim_answer(Claim(token.id, "k4", ""), "", now + api_answers.KEPT_MS) is None
