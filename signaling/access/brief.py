"""The brief ("basic counselling information"): facts about a user's visit that staff see, each with its provenance. Pure.

A field is `signed` by the partner, `claimed` by the browser, or `typed` by the user. A signed field replaces a claimed or typed
field of the same name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec import Meta, Struct, structs

from signaling.protocol.reading import by
from signaling.protocol.session_views import Brief, BriefField, EarlierSession, TrailStep
from signaling.protocol.texts import Seen
from signaling.protocol.words import Provenance
from signaling.records import EarlierRecord, Site
from signaling.records.site_front import MOST_ANSWER, FormField, in_language

from .codes import MOST_TRAIL, CodeRefused, Product, Verified

MOST_URL = 500
MOST_TITLE = 200
MOST_LABEL = 120
MOST_NAME = 60
MOST_NOTE = 500
_MOST_DWELL_S = 86_400

# a text from the browser is cut to 4,000 visible characters; later, `make_brief` cuts each text to the length of its field
_Loose = Annotated[str, by(Seen(4000, cut=True))]


_Moment = Annotated[int, Meta(ge=0, le=1 << 53)]  # a time in ms since the Unix epoch


class ClaimedProduct(Struct, kw_only=True):
    """The product that the user's browser claims to show."""

    id: _Loose = ""
    name: _Loose = ""
    price: _Loose = ""
    url: _Loose = ""


class ClaimedStep(Struct, kw_only=True):
    """A page that the user visited before, or a click on an element that the site has marked, as the browser claims."""

    kind: Literal["page", "mark"]
    label: _Loose = ""
    at: _Moment = 0
    url: _Loose = ""
    dwell_s: Annotated[float, Meta(ge=0, le=1e9)] = 0


class Supplement(Struct, kw_only=True):
    """The information about the visit that the user's browser sends together with the identification code."""

    page_url: _Loose = ""
    page_title: _Loose = ""
    product: ClaimedProduct | None = None
    trail: list[ClaimedStep] = []
    user_name: _Loose = ""
    note: _Loose = ""
    # time of sending, in ms, by the browser's clock (the trail's times are by the same clock); 0: the browser sent no time
    now: _Moment = 0


def check_trail(supplement: Supplement) -> None:
    """Raise CodeRefused("trail_too_long") when the trail (what the user did on the site) has more than `MOST_TRAIL` steps."""
    if len(supplement.trail) > MOST_TRAIL:
        raise CodeRefused("trail_too_long")


def make_brief(verified: Verified, supplement: Supplement, now: int, form: Mapping[str, str] | None = None) -> Brief:
    """Make the brief: the facts about the user that staff see.

    The facts come from an identification code, and from what the browser sent with it (`supplement`, accepted by `check_trail`).

    `form`: what the user has typed into the form of the category, by the id of the field.
    `now`: the server's clock, in ms. The trail's times are moved to this clock, because a browser's clock can be hours off.
    """
    site, claims = verified.site, verified.claims
    by_code: Provenance = "signed" if verified.kind == "partner" else "claimed"
    user = claims.user
    fields = [
        _field("category", site.category_name(claims.category, claims.language), by_code, MOST_TITLE),
        _field("language", claims.language, by_code, MOST_TITLE),
        _field("user_id", user.id if user else "", "signed", MOST_TITLE),
        _signed_or(user.name if user else "", supplement.user_name, "user_name", "typed", MOST_NAME),
        _field("user_contact", user.contact if user else "", "signed", MOST_TITLE),
        _field("page_url", clean_url(supplement.page_url, site.page_params), "claimed", MOST_URL),
        _field("page_title", supplement.page_title, "claimed", MOST_TITLE),
        *_product(claims.product, supplement.product, site),
        _field("note", supplement.note, "typed", MOST_NOTE),
        *_answers(site.form_of(claims.category), form or {}, claims.language),
        *(_field(f"claim.{name}", value, "signed", MOST_NOTE) for name, value in claims.claims.items()),
    ]
    return Brief(fields=[f for f in fields if f.value], trail=_trail(supplement, site, now))


def missing(form: list[FormField], answers: Mapping[str, str]) -> list[str]:
    """Return the ids of the form's required fields to which the user has given no usable answer."""
    return [each.id for each in form if each.required and not _answer(each, answers.get(each.id, ""))]


def _answers(form: list[FormField], answers: Mapping[str, str], language: str) -> list[BriefField]:
    """Return the user's answers to a form as fields of the brief.

    Each field has the name that the user saw. So staff can still read the field after the form has changed.
    """
    found = [(in_language(each.names, language), _answer(each, answers.get(each.id, ""))) for each in form]
    return [_field(f"form.{name}", answer, "typed", MOST_NOTE) for name, answer in found]


def _answer(asked: FormField, typed: str) -> str:
    """Return the user's answer to one field of a form, cut to the field's length.

    Return "" for a choice that the field does not offer.
    """
    text = clean_text(typed, MOST_ANSWER[asked.kind])
    known = {name for choice in asked.choices for name in choice.values()}
    return text if asked.kind != "choice" or text in known else ""


def walked(brief: Brief, seen: Supplement, site: Site, now: int) -> Brief:
    """Return the brief after the user has gone to another page: with the new page, the product shown there, and the trail.

    `seen`: what the browser sent about the new page, after `check_trail` has accepted it. Fields that the browser did not send
    keep their values. If the browser shows another product, that product replaces the earlier product, even one that the partner
    signed when the user arrived. The new product is `claimed`, and the picture of the earlier product is dropped.
    """
    url = clean_url(seen.page_url, site.page_params)
    page = (
        [_field("page_url", url, "claimed", MOST_URL), _field("page_title", seen.page_title, "claimed", MOST_TITLE)]
        if url
        else []
    )
    product = _product(None, seen.product, site) if _is_another(brief, seen.product) else []
    renewed = {one.name for one in (*page, *product)} | ({"product_picture"} if product else set())
    kept = [one for one in brief.fields if one.name not in renewed]
    trail = _trail(seen, site, now) if seen.trail else brief.trail
    return structs.replace(brief, fields=kept + [one for one in (*page, *product) if one.value], trail=trail)


def _is_another(brief: Brief, product: ClaimedProduct | None) -> bool:
    """Return whether the browser shows another product than the brief (the staff's summary of the visit)."""
    if product is None or not clean_text(product.name, MOST_TITLE):
        return False
    known = {one.name: one.value for one in brief.fields}
    if product.id and known.get("product_id"):
        return clean_text(product.id, MOST_TITLE) != known["product_id"]
    return clean_text(product.name, MOST_TITLE) != known.get("product_name", "")


def with_field(brief: Brief, name: str, value: str, provenance: Provenance) -> Brief:
    """Return the brief with one field set. A field that the partner has signed stays unchanged.

    An empty `value` removes the field.
    """
    if any(f.name == name and f.provenance == "signed" for f in brief.fields):
        return brief
    others = [f for f in brief.fields if f.name != name]
    added = [BriefField(name=name, value=value, provenance=provenance)] if value else []
    return structs.replace(brief, fields=others + added)


def earlier_session(earlier: EarlierRecord, staff_names: dict[str, str], site: Site, language: str) -> EarlierSession:
    """Return an earlier session of a user, in the form in which staff see it. `staff_names`: staff id → name."""
    return EarlierSession(
        id=earlier.id,
        started_at=earlier.started_at,
        category=site.category_name(earlier.category, language),
        counselor=staff_names.get(earlier.counselor, ""),
        wrap_up=clean_text(earlier.wrap_up_notes, MOST_NOTE),
    )


def user_name(brief: Brief) -> str:
    """Return the user's name from the brief, or "" when the brief has no name of the user."""
    return next((f.value for f in brief.fields if f.name == "user_name"), "")


def clean_url(url: str, allowed_params: list[str] | None = None) -> str:
    """Return an http(s) address, or a path (such as "/cart"), without its private parts.

    Credentials, the fragment, and all query parameters except `allowed_params` are removed. Return "" for anything else, and
    when the result is longer than `MOST_URL` characters.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    absolute = parts.scheme in ("http", "https") and bool(host)
    if not absolute and (parts.scheme or parts.netloc or not parts.path.startswith("/")):
        return ""
    netloc = f"[{host}]" if ":" in host else host
    if port is not None:
        netloc += f":{port}"
    kept = [(name, value) for name, value in parse_qsl(parts.query, max_num_fields=None) if name in (allowed_params or [])]
    cleaned = urlunsplit((parts.scheme, netloc if absolute else "", parts.path, urlencode(kept), ""))
    cleaned = re.sub(r"[\x00-\x20\x7f]", "", cleaned)
    return cleaned if len(cleaned) <= MOST_URL else ""


def clean_text(text: str, most: int) -> str:
    """Return the text as one line, cut with an ellipsis to `most` characters. Return "" if no character is visible."""
    return Seen(most, cut=True)(text)


def _field(name: str, value: str, provenance: Provenance, most: int) -> BriefField:
    return BriefField(name=name, value=clean_text(value, most), provenance=provenance)


def _signed_or(signed: str, other: str, name: str, provenance: Provenance, most: int) -> BriefField:
    vouched = _field(name, signed, "signed", most)
    return vouched if vouched.value else _field(name, other, provenance, most)


def _product(signed: Product | None, claimed: ClaimedProduct | None, site: Site) -> list[BriefField]:
    """Return the brief's fields about the product that the user looks at.

    The product's fields come from the partner's signed product. If the signed product lacks a field, the field that the browser
    sent is used. There is one exception: if the signed product has an id, and the browser's product has another id or none, the
    browser's product is ignored.
    """
    theirs = signed or Product()
    ours = claimed or ClaimedProduct()
    if signed and signed.id and signed.id != ours.id:
        ours = ClaimedProduct()
    params = site.page_params
    return [
        _signed_or(theirs.id, ours.id, "product_id", "claimed", MOST_TITLE),
        _signed_or(theirs.name, ours.name, "product_name", "claimed", MOST_TITLE),
        _signed_or(theirs.price, ours.price, "product_price", "claimed", MOST_NAME),
        _signed_or(clean_url(theirs.url, params), clean_url(ours.url, params), "product_url", "claimed", MOST_URL),
    ]


def _trail(supplement: Supplement, site: Site, now: int) -> list[TrailStep]:
    """Return the trail with its times moved to the server's clock. A time in the future is replaced by `now`."""
    offset = now - supplement.now if supplement.now else 0
    return [_step(step, site, min(now, max(0, step.at + offset))) for step in supplement.trail]


def _step(step: ClaimedStep, site: Site, at: int) -> TrailStep:
    return TrailStep(
        kind=step.kind,
        label=clean_text(step.label, MOST_LABEL),
        at=at,
        url=clean_url(step.url, site.page_params),
        dwell_s=min(int(step.dwell_s), _MOST_DWELL_S),
    )
