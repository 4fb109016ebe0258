"""Mails to staff about their accounts: invitations, new passwords, and sign-ins in a browser that is new to the member.

Most of these mails have a one-time link. `Composer` makes the link when the mail is sent, so that the outbox never holds a link.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from signaling.access.devices import network_words
from signaling.access.rate_limits import Buckets
from signaling.access.rights import served_by
from signaling.config.settings import Settings
from signaling.protocol.mail_addresses import masked
from signaling.records import Audited, Records, StaffRecord
from signaling.records.outbox import MailRefused
from signaling.transcripts import zone_of

from .background import Background
from .kinds import MAIL_CONFIRM, NEW_DEVICE, Account
from .letters import zone_name
from .postbox import Postbox
from .words import FRAMES, language_of

INVITATION_LIFE_MS = 3 * 86_400_000
RESET_LIFE_MS = 3_600_000
MOST_TASKS = 200  # At most this many mails are being queued at the same time.
MOST_SAME_ADDRESS = 5  # If several members have the typed mail address, at most this many get a link.


class AccountMails:
    """Queues mails about staff accounts."""

    def __init__(
        self, records: Records, postbox: Postbox, settings: Settings, count: Counter[str], now: Callable[[], int]
    ) -> None:
        self._records = records
        self._postbox = postbox
        self._settings = settings
        self._count = count
        self._now = now
        self._asked = Buckets(burst=3, per_minute=1 / 20)  # limits how often each member can press “I forgot my password”
        self._background = Background(MOST_TASKS, count)

    @property
    def enabled(self) -> bool:
        """Return whether this server sends mails."""
        return self._postbox.enabled

    async def close(self) -> None:
        """Wait until the mails that are being queued are in the outbox."""
        await self._background.close()

    async def invite(self, member: StaffRecord, *, audit: Iterable[Audited] = ()) -> bool:
        """Queue a mail with an invitation or, for a member who has a password, with a link for a new password.

        Return whether a mail waits in the outbox. `audit`: the audit entries to store with the mail. They are not stored if such
        a mail waits already.

        No mail is queued if there is no mail server, if the member has no address, or if the member signs in at a provider.
        """
        if not self.enabled or not member.mail or await self._records.is_of_provider(member.id):
            return False
        kind: Account = "password_reset" if member.password_hash else "invitation"
        try:
            await self._post(kind, member, INVITATION_LIFE_MS, audit=audit)
        except MailRefused as error:
            self._count[f"mail.{error.reason}"] += 1
            return False
        return True

    def forgot(self, login: str) -> None:
        """Mail a link for a new password to the member with this login, or to the members with this mail address.

        Deactivated members, and members who sign in at a provider, get no mail.

        The call always takes the same time and returns nothing, so the caller does not learn whether such a member exists.
        """
        self._background.later(self._forgot(login.strip()))

    async def _forgot(self, login: str) -> None:
        if not self.enabled or not login:
            return
        by_login = await self._records.staff_by_login(login.lower())
        found = [by_login] if by_login else await self._records.staff_by_mail(login.lower(), MOST_SAME_ADDRESS)
        for member in found:
            if not member.active or not member.mail or await self._records.is_of_provider(member.id):
                continue
            if not self._asked.take(member.id, self._now()):
                self._count["mail.too_many_resets"] += 1
                continue
            audit = [Audited("unknown", "password.mail", f"staff/{member.id}")]
            await self._post("password_reset", member, RESET_LIFE_MS, audit=audit)

    def signed_in(self, member: StaffRecord, *, sign_in: str, device: str, network: str) -> None:
        """Mail a member about a sign-in to their account from a new browser. `sign_in`: the public id of the sign-in."""
        if self.enabled and member.mail:
            self._background.later(self._new_device(member, sign_in, device, network))

    async def _new_device(self, member: StaffRecord, sign_in: str, device: str, network: str) -> None:
        unknown = FRAMES[_language(member)]["unknown"]
        told: dict[str, Any] = {"device": device or unknown, "network": network_words(network) or unknown, "sign_in": sign_in}
        told |= {"at": self._now(), "zone": await self._zone(member)}
        await self._post(NEW_DEVICE, member, 0, key=f"{NEW_DEVICE}/{sign_in}", **told)

    async def confirm(self, member: StaffRecord, address: str) -> None:
        """Mail a link to a member's new address. With the link, the member confirms that the address is theirs.

        If an earlier mail with such a link was not sent yet, this mail replaces the earlier one. Raises MailRefused if
        the outbox does not take the mail.
        """
        key = f"{MAIL_CONFIRM}/{member.id}"
        await self._records.drop_mails(key)
        await self._post(MAIL_CONFIRM, member, 0, key=key, to=address, present=member.mail)

    def moved(self, member: StaffRecord, former: str) -> None:
        """Tell a member, by a mail to the former address, that mails about their account now go to another address."""
        if self.enabled and former:
            key, to = f"mail_changed/{member.id}/{self._now()}", masked(member.mail)
            told = self._post("mail_changed", member, 0, key=key, former=former, present=member.mail, to=to)
            self._background.later(told)

    async def _zone(self, member: StaffRecord) -> str:
        """Return the time zone of the first opening hours that are found at the member's sites. Return "" if none are found."""
        for site in await self._records.sites(served_by(member)):
            for category in site.categories.values():
                if category.hours is not None:
                    return zone_name(zone_of(category.hours.timezone))
        return ""

    async def _post(
        self,
        kind: Account,
        member: StaffRecord,
        life_ms: int,
        *,
        key: str = "",
        audit: Iterable[Audited] = (),
        **args: Any,
    ) -> None:
        organisation = await self._records.organisation(member.organisation)
        page = "operator" if member.role == "operator" else "console"
        args |= {
            "name": member.name,
            "organisation": organisation.name if organisation and organisation.name else "Sangdam",
            "page": f"{self._settings.staff_url(member.role)}/{page}",
            "staff": member.id,
        }
        address = str(args.pop("former", "") or (args["to"] if kind == MAIL_CONFIRM else member.mail))
        await self._postbox.post(
            kind,
            address,
            organisation=member.organisation,
            language=_language(member),
            args=args,
            key=key or f"{kind}/{member.id}",
            life_ms=life_ms,
            audit=audit,
        )


def _language(member: StaffRecord) -> str:
    """Return the language of mails to this member of staff."""
    return language_of(member.locale or next(iter(member.languages), ""))
