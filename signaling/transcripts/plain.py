"""The transcript as plain text."""

from __future__ import annotations

from .conversation import Conversation


def plain(conversation: Conversation) -> str:
    """Return the conversation as text: each line on a row of its own, and a heading for each day."""
    words = conversation.words
    rows = [conversation.title, conversation.span, words["zone"].format(zone=conversation.zone_name)]
    day = ""
    for line in conversation.shown():
        if conversation.day(line.at) != day:
            day = conversation.day(line.at)
            rows += ["", day]
        marks, quote = conversation.marks(line), conversation.quote(line)
        beside = (f" [{marks}]" if marks else "") + (f" (↩ “{quote}”)" if quote else "")
        rows.append(f"[{conversation.time(line.at)}] {conversation.author(line)}{beside}: {conversation.content(line)}")
    if conversation.board:
        rows += ["", f"{words['board']}: {len(conversation.board)}"]
    return "\n".join(rows) + "\n"
