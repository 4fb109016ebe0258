"""Every HTTP route except `/ws`: pages, identification codes, sessions, transcripts, pictures, files, sign-in, operator's API."""

from __future__ import annotations

import asyncio

from aiohttp import web

from signaling.access.rate_limits import Buckets
from signaling.files.clamd import Scanner
from signaling.preview import Previews
from signaling.server import retention
from signaling.server.app_keys import FILES, RECORDS, SETTINGS

from . import (
    account,
    appointments,
    calendars,
    copies,
    doctor,
    factors,
    file_bodies,
    files,
    first_start,
    health,
    hours,
    installable,
    logos,
    mail,
    mail_plans,
    oidc,
    openapi,
    operator,
    own_mail,
    pages,
    passkeys,
    person,
    pictures,
    previews,
    push,
    recordings,
    replies,
    reply_pictures,
    reports,
    scanning,
    settings_sites,
    settings_staff,
    settings_tokens,
    sign_in_rules,
    site_keys,
    staff,
    staff_hours,
    threads,
    thresholds,
    transcripts,
    try_page,
    undo,
    unsubscribe,
    users,
    v1,
    webhooks,
    wrap_up,
)
from .bodies import now_ms
from .errors import refusals
from .headers import hide_versions, security_headers
from .image_files import Checker
from .origin import own_origin_only


def setup(app: web.Application) -> None:
    """Add the routes, the middlewares, and the hourly task that deletes expired sessions (`retention.py`).

    Handlers find shared objects by the keys of `app_keys.py`.
    """
    app[recordings.LOOKS] = recordings.Looks()
    app[doctor.TURN] = asyncio.Lock()
    app[previews.PREVIEWS] = Previews(app[RECORDS], now_ms)
    checker = app[pictures.CHECKER] = Checker()
    app.on_cleanup.append(lambda _: checker.close())
    # the burst is large because a PDF with 20 pages becomes 20 pictures on the board
    app[pictures.UPLOADS] = Buckets(burst=24, per_minute=12)
    app[files.INTAKE] = file_bodies.Intake(app[FILES])
    app[oidc.BEGINNINGS] = Buckets(burst=60, per_minute=60)
    app[users.WALKS] = Buckets(burst=10, per_minute=20)
    app[files.UPLOADS] = Buckets(burst=20, per_minute=20)
    app[threads.READS] = Buckets(burst=60, per_minute=120)
    app[transcripts.COPIES_TAKEN] = Buckets(burst=10, per_minute=10)
    app[account.FORGOTTEN] = Buckets(burst=10, per_minute=2)
    app[own_mail.ASKED] = Buckets(burst=3, per_minute=1 / 5)
    app[push.ASKED] = Buckets(burst=10, per_minute=5)
    app[mail.ASKED] = Buckets(burst=10, per_minute=5)
    app[scanning.SCANNER] = Scanner(app[SETTINGS].clamd)
    app.middlewares.extend((security_headers, refusals, own_origin_only))
    v1.setup(app)
    copies.setup(app)
    hide_versions()
    for_people = (health, openapi, pages, installable, users, transcripts, threads, pictures, files, push)
    for_staff = (
        staff,
        account,
        calendars,
        own_mail,
        factors,
        passkeys,
        oidc,
        person,
        recordings,
        copies,
        replies,
        reply_pictures,
        wrap_up,
    )
    for_operators = (operator, reports, staff_hours, hours, appointments, thresholds, doctor, mail, mail_plans, undo)
    for_settings = (settings_sites, site_keys, settings_staff, sign_in_rules, settings_tokens, logos, previews, webhooks)
    for_the_first = (first_start, try_page)
    for part in (*for_people, *for_staff, *for_operators, *for_settings, *for_the_first, unsubscribe):
        app.add_routes(part.routes)
    retention.setup(app)
