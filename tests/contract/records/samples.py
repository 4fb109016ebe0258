"""A site, a member of staff, a session and a chat line, as tests of the database store them."""

from __future__ import annotations

from msgspec.structs import replace

from signaling.protocol.session_views import Line
from signaling.records import Category, Records, SessionRecord, Site, SiteKey, StaffRecord
from signaling.records.opening_hours import Hours

SHOP = Site(
    id="shop",
    names={"ko": "빛과소리", "en": "Light & Sound"},
    origins=["https://shop.example"],
    languages=["ko", "en"],
    page_params=["variant"],
    categories={
        "lenses": Category(id="lenses", parent="cameras", names={"ko": "렌즈"}),
        "cameras": Category(
            id="cameras",
            names={"ko": "카메라", "en": "Cameras"},
            hours=Hours(timezone="Asia/Seoul", week={"mon": ["09:00-24:00"]}, days={"12-25": []}),
            priority=2,
            widens_s=(5, 60),
        ),
    },
    keys=[SiteKey(kid="k1", secret="s1"), SiteKey(kid="k2", secret="s2")],
)
JIMIN = StaffRecord(id="jimin", login="jimin", name="Jimin", role="counselor", languages=["ko"])


def session(number: int = 1, **changes: object) -> SessionRecord:
    base = SessionRecord(
        id=f"s-{number}", site="shop", category="cameras", language="ko", channel="text", token_hash=f"hash-{number}"
    )
    return replace(base, **changes)


async def say(
    records: Records, line: str, *, text: str = "안녕하세요", audience: str = "all", session_id: str = "s-1"
) -> tuple[Line, bool]:
    return await records.append_line(
        session_id, line_id=line, author="u-1", name="민아", role="user", kind="text", audience=audience, text=text, at=5,
    )  # fmt: skip
