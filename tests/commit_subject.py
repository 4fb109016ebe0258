"""Check a commit message: its subject has at most 72 characters, and a blank line follows.

The commit-msg hook runs this with the path of the message's file.
"""

from __future__ import annotations

import sys
from pathlib import Path

LONGEST = 72


def fault(message: str) -> str:
    """Return what is wrong with the message, or an empty string."""
    lines = [line for line in message.splitlines() if not line.startswith("#")]
    subject = lines[0] if lines else ""
    if not subject.strip():
        return "The subject is empty."
    if len(subject) > LONGEST:
        return f"The subject has {len(subject)} characters; {LONGEST} is the most. Put the reason into the body."
    if len(lines) > 1 and lines[1].strip():
        return "The second line must be blank."
    return ""


if __name__ == "__main__":
    if found := fault(Path(sys.argv[1]).read_text()):
        sys.exit(found)
