from __future__ import annotations

import pytest

from tests.commit_subject import fault


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Say why\n\nA reason.\n", ""),
        ("x" * 72, ""),
        ("x" * 73, "73 characters"),
        ("\n\nbody", "empty"),
        ("Subject\nbody at once", "blank"),
        ("# a comment of git\nSubject\n", ""),
    ],
)
def test_commit_subject_is_checked(message: str, found: str) -> None:
    assert found in fault(message)
    assert bool(fault(message)) == bool(found)
