"""Make the views of a site, and of the form that users fill in before a conversation."""

from __future__ import annotations

from signaling.protocol.session_views import FormFieldView, SiteView
from signaling.records import Site
from signaling.records.site_front import MOST_ANSWER, in_language


def site_view(site: Site, language: str) -> SiteView:
    """Return the site with its name and texts in this language."""
    return SiteView(
        id=site.id,
        name=site.name(language),
        accent=site.accent,
        privacy_url=site.privacy_url,
        home_url=site.home_url,
        file_mb=site.file_mb,
        read_marks=site.read_marks == "on",
        logo=site.logo,
        channels=site.channels,
        waiting_notice=in_language(site.waiting_notice, language),
        recording_notice=in_language(site.recording_notice, language),
    )


def form_view(site: Site, category: str, language: str) -> list[FormFieldView]:
    """Return the fields of the form that users fill in before a conversation about `category`.

    The fields' names are in `language`.
    """
    return [
        FormFieldView(
            id=each.id,
            name=in_language(each.names, language),
            kind=each.kind,
            required=each.required,
            most=MOST_ANSWER[each.kind],
            choices=[in_language(choice, language) for choice in each.choices],
        )
        for each in site.form_of(category)
    ]
