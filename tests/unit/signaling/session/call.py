"""A session with a clock, for tests of its rules."""

from __future__ import annotations

from signaling.session import events as ev
from signaling.session import model, new_session, receive
from signaling.session.effects import Effect, Over, Say, Step

NOW = 1_790_000_000_000
S = 1000  # ms in a second


class Call:
    """A session with its clock. The time of each event is given in seconds after the previous event."""

    def __init__(self, channel: model.Channel = "voice", *, sleeps_days: int = 0) -> None:
        self.now = NOW
        self.fence = 0
        self.session = new_session(
            id="s-1",
            site="shop",
            category="lenses",
            language="ko",
            channel=channel,
            user="u",
            name="",
            now=NOW,
            sleeps_days=sleeps_days,
        )
        self.effects: list[Effect] = []
        self.give(ev.Connected("u"))

    def give(self, event: ev.SessionEvent, after_s: float = 0) -> list[Effect]:
        self.now += int(after_s * S)
        self.effects = receive(self.session, event, self.now)
        return self.effects

    def tick(self, after_s: float) -> list[Effect]:
        return self.give(ev.Ticked(), after_s)

    def steps(self) -> list[tuple[str, str]]:
        return [(effect.step, effect.request) for effect in self.effects if isinstance(effect, Step)]

    def said(self) -> list[str]:
        return [effect.text for effect in self.effects if isinstance(effect, Say)]

    def over(self) -> dict[str, str]:
        return {effect.participant: effect.reason for effect in self.effects if isinstance(effect, Over)}

    def enter(self) -> Call:
        self.give(ev.Entered(None, "민아"))
        return self

    def accept(self, staff: str = "jimin", request: str = "", *, connected: bool = True) -> Call:
        self.fence += 1
        self.give(ev.Accepted(request or self.session.request, staff, staff.title(), connected, self.fence))
        return self

    def active(self) -> Call:
        return self.enter().accept()

    def help(self) -> Call:
        self.give(ev.HelpAsked("jimin", "mount?", "lenses"))
        return self

    def reading(self) -> Call:
        self.help()
        assert self.session.help is not None
        return self.accept("han", self.session.help.request)

    def joined(self, mode: model.Mode = "consultation") -> Call:
        self.reading().give(ev.HelpJoined("han"))
        if mode != "consultation":
            self.give(ev.ModeChanged("jimin", mode))
        return self

    @property
    def asked(self) -> model.Help:
        assert self.session.help is not None
        return self.session.help
