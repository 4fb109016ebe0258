"""The released Python package (a wheel) contains the web pages, and runs on the machines that its file name states.

The service runs from the installed wheel, in an environment without our sources.
"""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path

import pytest

from tests.release import FAST_PATH, build, check, contents

PACKAGES = Path(sysconfig.get_path("purelib"))


@pytest.mark.timeout(300)
def test_wheel_in_an_empty_environment_serves_pages_and_calls(tmp_path: Path) -> None:
    wheel = build(tmp_path)
    held = contents(wheel)
    assert {"signaling/pages/call.html", "signaling/pages/assets/third-party.md", "media/transport/fastpath.c"} <= held
    assert not [name for name in held if name.startswith(("tests/", "web/", "docs/"))]
    has_compiler = shutil.which("cc") is not None
    assert (FAST_PATH in held, "-py3-none-linux_" in wheel.name) == (has_compiler, has_compiler)
    found = check(wheel, PACKAGES)
    assert found["workers.ok" if has_compiler else "workers.slow"]


def test_wheel_for_every_machine_holds_pages_and_no_compiled_code(tmp_path: Path) -> None:
    wheel = build(tmp_path, fast_path=False)
    held = contents(wheel)
    assert wheel.name.endswith("-py3-none-any.whl")
    assert "signaling/pages/call.html" in held
    assert not [name for name in held if name.endswith(".so")]
