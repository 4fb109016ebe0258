"""The options of `sangdam site add`: one for each setting of a site."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

import click

from signaling.protocol.words import Captions, Cobrowse, Listening
from signaling.records import FIRST_ORGANISATION
from signaling.records.appointment_plan import MOST_LEAD_MINUTES, MOST_NOTICE_MINUTES
from signaling.records.checks import MOST_GUESTS
from signaling.records.site_front import CHANNELS, MOST_LAUNCHER, MOST_NOTICE, Corner

from .typed import (
    MOST_FILE_MB,
    an_id,
    appointment_plan,
    colour,
    language_tags,
    link,
    name_option,
    origins,
    parameters,
    texts_by_language,
)

Command = Callable[..., Any]
Option = Callable[[Command], Command]


def _one_of(name: str, words: Sequence[str], says: str, default: str = "") -> Option:
    """Return an option that takes one of these words. `default`: the word without this option; "": the first word."""
    return click.option(name, default=default or words[0], show_default=True, type=click.Choice(words), help=says)


def _number(name: str, default: int, least: int, most: int, says: str) -> Option:
    return click.option(name, default=default, show_default=True, type=click.IntRange(least, most), help=says)


def _minutes(name: str, least: int, most: int, says: str) -> Option:
    """Return an option for a number of minutes. Its value is None if the command is called without the option."""
    return click.option(name, type=click.IntRange(least, most), help=says)


def _many(name: str, parameter: str, read: Callable[..., Any], says: str) -> Option:
    return click.option(name, parameter, multiple=True, callback=read, help=f"{says} Repeatable.")


def _texts(name: str, parameter: str, most: int, says: str) -> Option:
    """Return an option that takes a text for each language, such as "en=Ask us". A text has at most `most` characters."""
    read = texts_by_language(most)
    return click.option(name, parameter, multiple=True, metavar="LANGUAGE=TEXT", callback=read, help=f"{says} Repeatable.")


OPTIONS: tuple[Option, ...] = (
    name_option,
    _many("--origin", "origins", origins, "Origin of the site's pages, such as https://shop.example."),
    _many("--language", "languages", language_tags, "Language that the site offers, the preferred one first."),
    click.option("--accent", default="", callback=colour, help="Accent colour as #rrggbb."),
    click.option("--privacy-url", default="", callback=link, help="Page of the privacy policy: https://…"),
    click.option("--home-url", default="", callback=link, help="Home page: https://…"),
    _number("--retention-days", 90, 1, 3650, "Days after which sessions are deleted."),
    _many("--page-param", "page_params", parameters, "Query parameter that is not cut from page addresses."),
    _one_of("--recording", ["off", "ask"], "Ask all participants for consent to recording."),
    _one_of("--callbacks", ["offered", "off"], "Offer to call users back."),
    _one_of(
        "--listening",
        get_args(Listening),
        "Let operators listen in on calls (on), also whisper to the counselor (whisper), also join (join). Users are told before"
        " they enter that an operator may listen in, and by name when one joins.",
    ),
    _one_of("--read-marks", ["on", "off"], "Show people which of their lines were read. Staff see by whom, users do not."),
    _one_of("--staff-names", ["shown", "hidden"], "Name the counselors at work in the panel, before a conversation begins."),
    _number("--file-mb", 25, 0, MOST_FILE_MB, "Largest file that people may send each other, in MB. 0: pictures only."),
    click.option(
        "--organisation",
        default=FIRST_ORGANISATION,
        callback=an_id,
        help="Organisation that owns the site, if there are several.",
    ),
    _number(
        "--thread-days",
        7,
        0,
        90,
        "Days for which a text conversation sleeps after its user has left. 0: it ends after 15 minutes.",
    ),
    _one_of(
        "--own-past",
        ["shown", "off"],
        "Let users whom the site's code names read their own earlier conversations in the panel, on any device.",
    ),
    _one_of(
        "--captions",
        get_args(Captions),
        "Let people in a call turn captions on (live), also keep them with the conversation if all agree (keep). Needs"
        " `sangdam captions`.",
        "live",
    ),
    _number(
        "--guests",
        0,
        0,
        MOST_GUESTS,
        "Guests whom people in a conversation may invite at a time, such as family or an interpreter. 0: none.",
    ),
    _one_of(
        "--cobrowse",
        get_args(Cobrowse),
        "Let counselors ask to see the page on which the user is. strict: they see only the texts that the page shares; open:"
        " all but those that it marks as private.",
    ),
    click.option(
        "--channel",
        "channels",
        multiple=True,
        type=click.Choice(CHANNELS),
        help="Way to talk that the site offers. Repeatable. [default: text, voice and video]",
    ),
    _one_of("--corner", get_args(Corner), "Corner of the launcher."),
    _texts("--launcher", "launcher_texts", MOST_LAUNCHER, "Text on the launcher, such as en=Ask us."),
    _texts("--waiting-notice", "waiting_notice", MOST_NOTICE, "Notice for users who wait."),
    _texts("--recording-notice", "recording_notice", MOST_NOTICE, "Notice that users read before they agree to a recording."),
    click.option(
        "--appointments",
        default="off",
        callback=appointment_plan,
        metavar="off|MINUTES[+PAUSE]",
        help="Let users book a counselor's time instead of a callback by anybody, such as 30+15: half an hour and a pause of 15"
        " minutes after it. Both are multiples of 15. [default: off]",
    ),
    _minutes(
        "--appointment-notice",
        0,
        MOST_NOTICE_MINUTES,
        "Least minutes from booking an appointment to its start. [default: 60]",
    ),
    _minutes(
        "--appointment-lead",
        1,
        MOST_LEAD_MINUTES,
        "Minutes before an appointment from which a place of its counselor is kept free. [default: 5]",
    ),
)


def site_options(command: Command) -> Command:
    """Add the options of a site's settings to a command. `--help` lists them in the order of `OPTIONS`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
