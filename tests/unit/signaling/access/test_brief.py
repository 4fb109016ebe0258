from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from signaling.access import brief as briefs
from signaling.access.brief import ClaimedProduct, ClaimedStep, Supplement
from signaling.access.codes import Claims, CodeRefused, Kind, Product, User, Verified
from signaling.protocol.session_views import Brief
from signaling.protocol.texts import count
from signaling.records import Category, EarlierRecord, Site
from signaling.records.site_front import FormField

SITE = Site(
    id="shop",
    languages=["ko"],
    page_params=["variant"],
    categories={"cameras": Category(id="cameras", names={"ko": "카메라"})},
)
NOW = 1_790_000_000_000
HOUR = 3_600_000
CLAIMS = Claims(site="shop", category="cameras", language="ko", server="s", jti="j" * 16, iat=0, exp=1)


def make(supplement: Supplement, *, kind: Kind = "partner", **claims: object) -> dict[str, tuple[str, str]]:
    made = briefs.make_brief(Verified(SITE, replace(CLAIMS, **claims), kind), supplement, NOW)
    return {field.name: (field.value, field.provenance) for field in made.fields}


def test_provenance_is_given_for_each_field() -> None:
    fields = make(
        Supplement(page_url="https://shop.example/m5?x=1#top", page_title="M5", note="급해요", user_name="가짜"),
        user=User(id="u-7", name="민아", contact="mina@example.com"),
        claims={"member": "gold"},
    )
    assert fields == {
        "category": ("카메라", "signed"),
        "language": ("ko", "signed"),
        "user_id": ("u-7", "signed"),
        "user_name": ("민아", "signed"),
        "user_contact": ("mina@example.com", "signed"),
        "page_url": ("https://shop.example/m5", "claimed"),
        "page_title": ("M5", "claimed"),
        "note": ("급해요", "typed"),
        "claim.member": ("gold", "signed"),
    }


FORM = [
    FormField(id="order", names={"ko": "주문 번호", "en": "Order number"}, required=True),
    FormField(id="why", names={"ko": "이유"}, kind="choice", choices=[{"ko": "배송", "en": "Delivery"}, {"ko": "반품"}]),
]


def test_answers_of_the_form_are_typed_fields_named_as_users_saw_them() -> None:
    site = replace(SITE, categories=SITE.categories | {"lenses": Category(id="lenses", parent="cameras")})
    site = replace(site, categories=site.categories | {"cameras": replace(site.categories["cameras"], form=FORM)})
    verified = Verified(site, replace(CLAIMS, category="lenses"), "partner")
    typed = {"order": " A-1042\n" + "x" * 200, "why": "배송", "unknown": "x"}
    made = briefs.make_brief(verified, Supplement(), NOW, typed)
    fields = {field.name: (field.value, field.provenance) for field in made.fields if field.name.startswith("form.")}
    assert fields["form.이유"] == ("배송", "typed")
    assert fields["form.주문 번호"][0].startswith("A-1042 x")
    assert count(fields["form.주문 번호"][0]) == 120
    assert len(fields) == 2


def test_required_answer_must_be_visible_and_a_choice_must_exist() -> None:
    form = [FORM[0], replace(FORM[1], required=True)]
    assert briefs.missing(form, {"order": " \u200b ", "why": "교환"}) == ["order", "why"]
    assert briefs.missing(form, {"order": "1", "why": "Delivery"}) == []


def test_publishable_key_marks_nothing_as_signed() -> None:
    fields = make(Supplement(user_name="민아", product=ClaimedProduct(id="m5", name="M5")), kind="publishable")
    assert {provenance for _, provenance in fields.values()} == {"claimed", "typed"}
    assert fields["user_name"] == ("민아", "typed")


def test_browser_fills_gaps_only_for_the_same_product() -> None:
    signed = Product(id="m5", price="1,890,000원")
    same = make(Supplement(product=ClaimedProduct(id="m5", name="M5", price="1원")), product=signed)
    assert same["product_name"] == ("M5", "claimed")
    assert same["product_price"] == ("1,890,000원", "signed")
    other = make(Supplement(product=ClaimedProduct(id="maru", name="Maru")), product=signed)
    assert "product_name" not in other


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://shop.example/a?token=1&variant=red#x", "https://shop.example/a?variant=red"),
        ("https://user:secret@shop.example:8443/a", "https://shop.example:8443/a"),
        ("http://[2001:db8::1]/a", "http://[2001:db8::1]/a"),
        ("/only/a/path?q=1", "/only/a/path"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//evil.example/x", ""),
        ("https://", ""),
        ("https://host:99999/x", ""),
        ("https://shop.example/" + "x" * 500, ""),
        ("", ""),
    ],
)
def test_page_addresses_lose_private_parts(url: str, kept: str) -> None:
    assert briefs.clean_url(url, ["variant"]) == kept


@given(st.text(max_size=200) | st.text(max_size=100).map("https://shop.example/".__add__))
def test_no_address_keeps_a_query_or_raises(url: str) -> None:
    cleaned = briefs.clean_url(url)
    parts = urlsplit(cleaned)
    assert (parts.query, parts.fragment) == ("", "")
    assert parts.scheme in ("", "http", "https")
    assert "@" not in parts.netloc


@given(st.text(max_size=300), st.integers(2, 50))
def test_brief_texts_are_one_line_of_bounded_length(text: str, most: int) -> None:
    cleaned = briefs.clean_text(text, most)
    assert count(cleaned) <= most
    assert cleaned.isprintable() or not any(c in cleaned for c in "\n\r\t\x00\x1b\u202e")


def test_trail_is_bounded_and_cleaned() -> None:
    step = ClaimedStep(kind="page", label="M5\n카메라", at=5, url="https://shop.example/m5?q=1", dwell_s=41.7)
    made = briefs.make_brief(Verified(SITE, CLAIMS, "partner"), Supplement(trail=[step]), NOW)
    [kept] = made.trail
    assert (kept.label, kept.url, kept.dwell_s) == ("M5 카메라", "https://shop.example/m5", 41)
    briefs.check_trail(Supplement(trail=[step] * 50))
    with pytest.raises(CodeRefused, match="trail_too_long"):
        briefs.check_trail(Supplement(trail=[step] * 51))


@pytest.mark.parametrize("off", [-3 * HOUR, -1, 0, 3 * HOUR, 24 * 365 * HOUR])
def test_trail_uses_the_servers_time(off: int) -> None:
    """The visitor's clock is ahead of the server's by `off` ms."""
    ages = (60_000, 5_000, 0)
    steps = [ClaimedStep(kind="page", label="M5", at=NOW + off - age) for age in ages]
    made = briefs.make_brief(Verified(SITE, CLAIMS, "partner"), Supplement(trail=steps, now=NOW + off), NOW)
    assert [NOW - step.at for step in made.trail] == list(ages)


@pytest.mark.parametrize("told", [0, 1, NOW, NOW + HOUR, 1 << 53])
@pytest.mark.parametrize("at", [0, NOW - HOUR, NOW + HOUR, 1 << 53])
def test_trail_times_are_between_1970_and_now(told: int, at: int) -> None:
    trail = [ClaimedStep(kind="page", label="M5", at=at)]
    made = briefs.make_brief(Verified(SITE, CLAIMS, "partner"), Supplement(trail=trail, now=told), NOW)
    assert 0 <= made.trail[0].at <= NOW


def test_product_picture_is_added_once() -> None:
    brief = briefs.with_field(Brief(), "product_picture", "pic-1", "claimed")
    brief = briefs.with_field(brief, "product_picture", "pic-2", "claimed")
    assert [field.value for field in brief.fields] == ["pic-2"]
    signed = briefs.with_field(Brief(), "user_name", "민아", "signed")
    assert briefs.user_name(briefs.with_field(signed, "user_name", "가짜", "typed")) == "민아"


def test_earlier_sessions_name_their_counselor() -> None:
    record = EarlierRecord(
        id="s-0",
        site="shop",
        user_ref="r",
        category="cameras",
        started_at=1,
        ended_at=2,
        counselor="jimin",
        wrap_up_notes="교환 안내",
    )
    earlier = briefs.earlier_session(record, {"jimin": "Jimin"}, SITE, "ko")
    assert (earlier.counselor, earlier.category, earlier.wrap_up) == ("Jimin", "카메라", "교환 안내")


def on_page(name: str, product: str = "", **seen: object) -> Supplement:
    claimed = ClaimedProduct(id=product, name=f"Camera {product}") if product else None
    step = ClaimedStep(kind="page", label=name, at=NOW - HOUR)
    made = Supplement(page_url=f"https://shop.example/{name}", page_title=name, product=claimed, trail=[step])
    return replace(made, **seen)


def test_brief_follows_the_user_to_the_next_product() -> None:
    code = Verified(SITE, replace(CLAIMS, product=Product(id="m5", name="M5", price="1,890,000")), "partner")
    entered = briefs.with_field(briefs.make_brief(code, on_page("m5", "m5"), NOW), "product_picture", "pic-1", "claimed")
    there = briefs.walked(entered, on_page("m7", "m7", note="other"), SITE, NOW)
    fields = {field.name: (field.value, field.provenance) for field in there.fields}
    assert fields["page_title"] == ("m7", "claimed")
    # "claimed": only the page names this product. No signature confirms it, because the partner signed another product.
    assert fields["product_name"] == ("Camera m7", "claimed")
    assert not {"product_price", "product_picture", "note"} & set(fields)
    assert [step.label for step in there.trail] == ["m7"]


def test_brief_keeps_what_the_next_page_lacks_or_withholds() -> None:
    entered = briefs.make_brief(Verified(SITE, CLAIMS, "publishable"), on_page("m5", "m5"), NOW)
    names = {field.name: field.value for field in briefs.walked(entered, on_page("cart"), SITE, NOW).fields}
    assert (names["page_title"], names["product_name"]) == ("cart", "Camera m5")
    assert briefs.walked(entered, Supplement(), SITE, NOW) == entered
    same = briefs.walked(entered, on_page("m5", "m5"), SITE, NOW)
    assert {field.name: field.value for field in same.fields} == {field.name: field.value for field in entered.fields}
