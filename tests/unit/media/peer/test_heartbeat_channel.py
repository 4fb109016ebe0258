from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.peer.heartbeat_channel import Live, LiveError


def test_a_heartbeat_comes_back_as_it_was() -> None:
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
def test_anything_else_is_not_answered(text: str | bytes) -> None:
    with pytest.raises(LiveError, match="malformed"):
        Live(0.0).echo(text, 0.0)


def test_nobody_gets_megabytes_back() -> None:
    with pytest.raises(LiveError, match="refused"):
        Live(0.0).echo('{"t":"hb","n":' + "1" * 1000 + "}", 0.0)


def test_a_flood_is_rationed_and_time_heals() -> None:
    live = Live(0.0)
    for number in range(20):
        live.echo(f'{{"t":"hb","n":{number}}}', 0.0)
    with pytest.raises(LiveError, match="refused"):
        live.echo('{"t":"hb","n":1}', 0.0)
    assert live.echo('{"t":"hb","n":1}', 0.1)


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_hostile_messages_raise_nothing_else(data: str | bytes) -> None:
    try:
        Live(0.0).echo(data, 0.0)
    except LiveError as error:
        assert error.reason in ("refused", "malformed")  # noqa: PT017 - most of them are refused, few are not
