"""A call of a user whose network allows media only through a relay. The relay is coturn, with the configuration that we ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import media
from tests.browser.conftest import Casting
from tests.browser.people import User, eventually
from tests.browser.relays import ONLY_RELAYS, PATH
from tests.browser.service import running
from tests.turn_server import TurnServer, own_address


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_call_works_by_relay_alone(casting: Casting, tmp_path: Path, transport: str) -> None:
    turn = TurnServer(tmp_path, own_address())
    with turn.running():
        async with running(tmp_path, "--turn", turn.url, "--turn-secret-file", str(turn.secret_file)) as service:
            async with casting(service) as cast:
                counselor = await cast.counselor()
                user: User = await cast.user()
                await user.context.add_init_script(f"({ONLY_RELAYS})('{transport}')")
                await user.call("voice")
                await user.enter()
                await counselor.accept()
                await user.hears(media.COUNSELOR.hz)
                await counselor.hears(media.USER.hz)
                await eventually(lambda: user.page.evaluate(PATH), ["relay", transport], "only coturn carries this call")
            assert turn.secret_file.read_text().strip() not in service.log.read_text()
