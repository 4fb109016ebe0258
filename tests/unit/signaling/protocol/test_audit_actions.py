"""Every action that the audit log can contain has a text in each language on the operator's page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from signaling.protocol.audit_actions import AuditAction

TEXTS = Path(__file__).parents[4] / "web" / "src" / "operator"


@pytest.mark.parametrize("locale", ["en", "es", "ja", "ko", "zh-Hans"])
def test_every_audit_action_has_a_text_in_each_language(locale: str) -> None:
    texts = json.loads((TEXTS / f"{locale}.json").read_text())
    assert [action for action in get_args(AuditAction) if f"audit.{action}" not in texts] == []
