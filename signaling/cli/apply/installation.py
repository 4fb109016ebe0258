"""The part of an installation that a file of `sangdam apply` can describe."""

from __future__ import annotations

from dataclasses import dataclass, field

from signaling.records import OidcSettings, Organisation, Records, SavedReply, SignInRules, Site, StaffRecord


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Organisations, sites and staff by id, the shared replies of each site, and the rules for signing in.

    `rules`: the sign-in rules by their owner. An owner is the whole installation (`records.sign_ins.INSTALLATION`) or an
    organisation (`rules_of`). An organisation without its own rules is left out. `providers`: the sign-in providers by their
    owner.
    """

    organisations: dict[str, Organisation] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    staff: dict[str, StaffRecord] = field(default_factory=dict)
    replies: dict[str, list[SavedReply]] = field(default_factory=dict)
    rules: dict[str, SignInRules] = field(default_factory=dict)
    providers: dict[str, OidcSettings] = field(default_factory=dict)


async def load(records: Records) -> Installation:
    """Return the present installation from the database."""
    sites = {site.id: site for site in await records.sites()}
    return Installation(
        organisations={each.id: each for each in await records.organisations()},
        sites=sites,
        staff={member.login: member for member in await records.all_staff()},
        replies={site: await records.shared_replies(site) for site in sites},
        rules={row: rules for row, rules in (await records.all_sign_in_rules()).items() if rules != SignInRules()},
        providers=await records.all_oidc_settings(),
    )
