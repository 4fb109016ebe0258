"""The settings of a site that people edit together in one form.

Keys, logo, mails, outcomes and opening hours are edited elsewhere.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, convert, field, to_builtins
from msgspec.structs import fields, replace

from signaling.protocol.reading import by
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import Captions, Channel, Cobrowse, Listening

from .appointment_plan import AppointmentPlan
from .site_front import CHANNELS, Corner, FormField, Tag, Texts
from .types import Category, Site

Shown = Annotated[str, by(Seen(200, cut=True))]
Typed = Annotated[str, by(Exact(2000))]
Number = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
Few = Meta(max_length=300)


class CategorySettings(Struct, kw_only=True):
    """The settings of a category.

    `parent`: id of the parent category, or "". `priority`, `widens_s` and `form`: null if inherited from the parent.
    """

    id: Typed
    parent: Typed = ""
    names: dict[Tag, Shown] = {}
    priority: Number | None = None
    widens_s: Annotated[list[Number], Meta(min_length=2, max_length=2)] | None = None
    form: Annotated[list[FormField], Few] | None = None


class SiteSettings(Struct, kw_only=True):
    """The settings of a site. A field that is left out has its default. `records/types.Site` describes the fields."""

    names: dict[Tag, Shown] = {}
    origins: Annotated[list[Typed], Few] = []
    languages: Annotated[list[Typed], Few] = []
    accent: Typed = ""
    privacy_url: Typed = ""
    home_url: Typed = ""
    retention_days: Number = 90
    page_params: Annotated[list[Typed], Few] = []
    recording: Literal["off", "ask"] = "off"
    callbacks: Literal["offered", "off"] = "offered"
    listening: Listening = "off"
    file_mb: Number = 25
    read_marks: Literal["off", "on"] = "on"
    own_past: Literal["shown", "off"] = "shown"
    captions: Captions = "live"
    guests: Number = 0
    cobrowse: Cobrowse = "off"
    corner: Corner = "right"
    launcher_texts: Texts = {}
    channels: Annotated[list[Channel], Few] = field(default_factory=lambda: list(CHANNELS))
    waiting_notice: Texts = {}
    recording_notice: Texts = {}
    appointments: AppointmentPlan | None = None
    categories: Annotated[list[CategorySettings], Few] = []


BY_COMMAND: Final = ("staff_names", "thread_days")  # settings that only the command line and `sangdam apply` change
_SAME = tuple(each.name for each in fields(SiteSettings) if each.name != "categories")


def settings_of(site: Site) -> SiteSettings:
    """Return the settings of this site as people edit them."""
    categories = [
        CategorySettings(
            id=each.id,
            parent=each.parent or "",
            names=each.names,
            priority=each.priority,
            widens_s=_listed(each),
            form=each.form,
        )
        for each in site.categories.values()
    ]
    return SiteSettings(**{name: getattr(site, name) for name in _SAME}, categories=categories)


def _listed(category: Category) -> list[int] | None:
    return list(category.widens_s) if category.widens_s else None


def with_settings(site: Site, settings: SiteSettings) -> Site:
    """Return the site with these settings.

    Everything that the form does not contain stays, such as the site's keys, logo and outcomes. Categories that stay keep their
    opening hours.
    """
    known = site.categories
    categories = {
        each.id: Category(
            id=each.id,
            parent=each.parent or None,
            names=each.names,
            priority=each.priority,
            widens_s=(each.widens_s[0], each.widens_s[1]) if each.widens_s else None,
            form=each.form,
            hours=known[each.id].hours if each.id in known else None,
        )
        for each in settings.categories
    }
    return replace(site, **{name: getattr(settings, name) for name in _SAME}, categories=categories)


def plain_site(site: Site) -> dict[str, Any]:
    """Return the site's settings for the audit, without secrets."""
    found: dict[str, Any] = to_builtins(settings_of(site))
    return found | {name: getattr(site, name) for name in BY_COMMAND}


def with_plain_site(site: Site, plain: dict[str, Any]) -> Site:
    """Return the site with these settings.

    `plain`: the values as `plain_site` returns them; a missing setting gets its default. Raises msgspec.ValidationError for
    values of a wrong type.
    """
    own = {name: plain[name] for name in BY_COMMAND if name in plain}
    settings = convert({name: value for name, value in plain.items() if name not in BY_COMMAND}, SiteSettings)
    return replace(with_settings(site, settings), **own)
