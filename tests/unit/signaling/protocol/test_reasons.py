"""The code uses every reason that is declared, such as the reasons of refusals. Each reason has a sentence for people."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import pytest

from matcher.types import RefusedReason
from media.api.wire import RefusalReason
from signaling.access import codes, sign_in_refused
from signaling.files import refusal as files
from signaling.images import refusal as pictures
from signaling.live.peer_ends import PEER_ENDS
from signaling.protocol import reasons
from signaling.server import websocket
from signaling.server.http import errors, mail, users

ROOT = Path(__file__).parents[4]
DECLARED = {name: set(typing.get_args(hint)) for name, hint in vars(reasons).items() if name.endswith("Reason")}


def sources(*folders: str) -> str:
    """Return the text of all Python files in these folders, except the file that declares the reasons."""
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return "".join(path.read_text() for path in paths if path.name != "reasons.py")


@pytest.mark.parametrize("name", DECLARED)
def test_every_declared_reason_is_given_somewhere(name: str) -> None:
    text = sources("signaling", "matcher", "media")
    assert {reason for reason in DECLARED[name] if f'"{reason}"' not in text} == set()


@pytest.mark.parametrize(
    ("sentences", "name"),
    [
        (codes.SENTENCES, "CodeReason"),
        (users.INVITE_SENTENCES, "InviteReason"),
        (mail.SENTENCES, "MailReason"),
        (sign_in_refused.SENTENCES, "SignInReason"),
        (pictures.SENTENCES, "PictureReason"),
        (files.SENTENCES, "FileReason"),
        (errors.CROWDED_SENTENCES, "CrowdedReason"),
        (websocket.SENTENCES, "ErrorReason"),
        (PEER_ENDS, "PeerEndReason"),
    ],
)
def test_every_reason_has_a_sentence(sentences: dict[str, str], name: str) -> None:
    assert set(sentences) == DECLARED[name]


def test_reasons_of_matcher_and_worker_are_the_protocols() -> None:
    assert DECLARED["MatcherReason"] == set(typing.get_args(RefusedReason))
    assert DECLARED["WorkerReason"] == set(typing.get_args(RefusalReason))


def test_every_fault_that_ends_a_peer_is_told_to_its_client() -> None:
    given = set(re.findall(r'(?:_finish|_end|_closed|_change)\((?:"gone", )?"([a-z_]+)"\)', sources("media")))
    on_request = {"closed", "closed_by_client"}
    assert given - on_request == DECLARED["PeerEndReason"]
