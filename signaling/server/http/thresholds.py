"""The thresholds at which the figures of the operators' wallboard turn amber and red."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, get_args

from aiohttp import web
from msgspec import Meta, Struct

from signaling.protocol.reading import Reader
from signaling.protocol.words import ThresholdFigure
from signaling.records import Change, Threshold
from signaling.records.checks import changes
from signaling.server.app_keys import LIVE, RECORDS

from .allowed import asker_of
from .bodies import read_json
from .errors import Refused, answer
from .noting import noting

routes = web.RouteTableDef()

Value = Annotated[float, Meta(ge=0, le=1_000_000)]


class NewThreshold(Struct, kw_only=True, forbid_unknown_fields=True):
    figure: ThresholdFigure
    amber: Value
    red: Value


class NewThresholds(Struct, kw_only=True):
    thresholds: Annotated[list[NewThreshold], Meta(max_length=20)]


_read: Reader[NewThresholds] = Reader(NewThresholds)


@routes.post("/api/operator/thresholds")
async def change(request: web.Request) -> web.Response:
    """Replace all thresholds. A figure that is not in the request gets its default thresholds. The request is audited.

    Wallboards that are open in a browser change at once.
    """
    asker = await asker_of(request)
    organisation = asker.realm.organisation
    wanted = (await read_json(request, _read)).thresholds
    for each in wanted:
        worse = each.red <= each.amber if each.figure == "level" else each.red >= each.amber
        if not worse:
            raise Refused(400, "bad_thresholds", f"The red value of “{each.figure}” must be worse than the amber one.")
    if len({each.figure for each in wanted}) < len(wanted):
        raise Refused(400, "bad_thresholds", "A figure is named twice.")
    records = request.app[RECORDS]
    new = [Threshold(figure=each.figure, amber=each.amber, red=each.red) for each in wanted]
    was, now = changes(plain(await records.thresholds(organisation)), plain(new))
    note = noting(asker.member.id, "thresholds.save", "wallboard")
    await records.save_thresholds(new, organisation, audit=note(Change(before=was, after=now)) if was != now else ())
    await request.app[LIVE].boards.load_thresholds(organisation)
    return answer({})


def plain(thresholds: Iterable[Threshold]) -> dict[str, list[float] | None]:
    """Return thresholds for the audit log: figure → its amber and red value, or None for the default thresholds."""
    found: dict[str, list[float] | None] = dict.fromkeys(get_args(ThresholdFigure))
    return found | {each.figure: [each.amber, each.red] for each in thresholds}
