from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.peer.heartbeat_channel import Live, LiveError


def test_heartbeat_is_echoed_unchanged() -> None:
    assert Live(0.0).echo('{"n": -7, "t": "hb"}', 0.0) == '{"t":"hb","n":-7}'
    assert Live(0.0).echo('{"t":"hb","n":7}', 0.0) == '{"t":"hb","n":7}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"t":"hb"}',
        '{"t":"hb","n":"7"}',
        '{"t":"x","n":7}',
        '{"t":"hb","n":7,"more":1}',
        "[]",
        '{"t":"hb","n":7,"n":8}',
        '{"t":"hb","t":"hb","n":7}',
        '{"t":"hb","n":9223372036854775808}',
        '{"t":"hb","n":true}',
        '{"t":"hb","n":7.0}',
        '[["t","hb"],["n",7]]',
        "[" * 200,
        '{"t":"hb","n":NaN}',
        b'{"t":"hb","n":7,"\xff":1}',
    ],
)
def test_other_messages_get_no_answer(text: str | bytes) -> None:
    with pytest.raises(LiveError, match="malformed"):
        Live(0.0).echo(text, 0.0)


def test_large_messages_are_not_echoed() -> None:
    with pytest.raises(LiveError, match="refused"):
        Live(0.0).echo('{"t":"hb","n":' + "1" * 1000 + "}", 0.0)


def test_flood_is_rate_limited_and_recovers() -> None:
    live = Live(0.0)
    for number in range(20):
        live.echo(f'{{"t":"hb","n":{number}}}', 0.0)
    with pytest.raises(LiveError, match="refused"):
        live.echo('{"t":"hb","n":1}', 0.0)
    assert live.echo('{"t":"hb","n":1}', 0.1)


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_hostile_messages_raise_only_the_documented_error(data: str | bytes) -> None:
    try:
        Live(0.0).echo(data, 0.0)
    except LiveError as error:
        assert error.reason in ("refused", "malformed")  # noqa: PT017 - `echo` refuses most of these messages
