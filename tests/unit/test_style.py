from __future__ import annotations

import ast

import pytest

from tests.style import faults, undocumented


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"""Send a line."""', ""),
        ('def f():\n    """What is sent."""', "opens with 'What'"),
        ('class A:\n    """Who waits."""', "opens with 'Who'"),
        ('def f():\n    """Whether it is open."""', "opens with 'Whether'"),
        ('class A:\n    @property\n    def f(self):\n        """Whether it is open."""', ""),
        ('try: ...\nexcept OSError:\n    def f():\n        """What is sent."""', "opens with 'What'"),
        ('match 1:\n    case 1:\n        def f():\n            """What is sent."""', "opens with 'What'"),
        ("x = 1  # nobody waits for ever", "archaic in a comment: 'for ever'"),
        ('def f():\n    """Send what the user shall see."""', "archaic in a docstring: 'shall'"),
        (f"def test_{'x' * 65}(): ...", ""),
        (f"def test_{'x' * 66}(): ...", "71 characters"),
    ],
)
def test_style_fault_is_found(source: str, found: str) -> None:
    sentences = " ".join(sentence for _, sentence in faults(source, ast.parse(source)))
    assert found in sentences
    assert bool(sentences) == bool(found)


def test_imported_function_needs_a_docstring() -> None:
    sources = {
        "media.api.client": "def ask(): ...\ndef tell():\n    'Tell the worker.'\ndef _own(): ...",
        "media.api.wire": "from media.api.client import ask",
        "signaling.live.rooms": "from media.api.client import ask, tell",
    }
    trees = {module: ast.parse(source) for module, source in sources.items()}
    assert list(undocumented(trees)) == [("media.api.client", 1, "ask has no docstring, and signaling.live.rooms imports it")]
    del trees["signaling.live.rooms"]
    assert list(undocumented(trees)) == [], "a package may import its own without one"
