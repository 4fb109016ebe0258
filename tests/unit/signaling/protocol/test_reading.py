"""All input from outside is read by one parser, and no module bypasses it.

The parser refuses a type with a text field for which no rule exists.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from signaling.protocol import client_messages
from signaling.protocol.reading import NoRule, QueryReader, Reader, Unreadable, by
from signaling.protocol.texts import Exact, Seen

SOURCES = Path(__file__).parents[4] / "signaling"
# File → function or attribute by which this file may read input without the protocol's parser. Comments say which input it reads.
ELSEWHERE = {
    "own_texts.py": "json.loads",  # This file reads the server's own texts.
    "sentences.py": "json.loads",  # This file reads the sentences that `sangdam doctor` prints, from files of the package.
    "remote.py": "json.Decoder",  # This file reads the announcements that media workers store in Redis.
    "lease.py": "json.Decoder",  # This file reads the leader's lease in Redis.
    "stored_sessions.py": "json.decode",  # This file reads briefs that our own server has stored.
    "operator.py": "json.Decoder",
    "sites_and_staff.py": "msgspec.convert",  # This file reads opening hours that our own server has stored.
    "appointments.py": "msgspec.convert",  # Working hours that our server stored.
    "hours.py": "msgspec.convert",  # Opening hours that an administrator types. Narrow patterns limit their texts.
    "brief.py": "parts.query",  # Parts of a page address that has been parsed.
    "seen_pages.py": "json.Decoder",  # The lines of a file that our server stored.
    "workshop.py": "json.loads",  # The report of our own process about an image.
    "site_parts.py": "msgspec.convert",  # Parts of a site that our server wrote into the audit log.
    "oidc.py": "msgspec.convert",  # The sign-in provider's settings, which our server stored.
    "errors.py": "request.match_info",  # The name of the matched route.
    "measured.py": "request.match_info",  # This file reads the pattern of the matched route.
}
READS = ("json.decode", "json.Decoder", "json.loads", "msgspec.convert", ".query", ".match_info", ".rel_url")


class Inner(Struct):
    note: Annotated[str, by(Seen(5, lines=True))] = ""


class Asked(Struct):
    name: Annotated[str, by(Seen(5))]
    key: Annotated[str, Meta(pattern=r"^[a-z]+\Z")] = "k"
    inner: Inner | None = None
    many: list[Inner] = []
    named: dict[Annotated[str, Meta(pattern=r"^[a-z]+\Z")], Annotated[str, by(Seen(5))]] = {}
    kind: Literal["a", "b"] = "a"
    token: Annotated[str, by(Exact(9))] | None = None


READ: Reader[Asked] = Reader(Asked)


def test_every_nested_text_is_cleaned() -> None:
    asked = READ(
        '{"name": " a\\u0000b ", "inner": {"note": "x\\u202e"}, "many": [{"note": "\\u3164"}], "named": {"n": "y\\u0007"}}'
    )
    assert asked == Asked(name="ab", inner=Inner("x"), many=[Inner("")], named={"n": "y"})


def test_lone_surrogate_is_repaired_at_any_depth() -> None:
    assert READ('{"name": "a\\ud83d", "unknown": "\\ude00"}').name == "a\ufffd"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"name": "toolong"}', "“name” is longer than 5 characters"),
        ('{"name": "a", "many": [{}, {"note": "toolong"}]}', "“many.note” is longer"),
        ('{"name": "a", "named": {"x": "toolong"}}', "“named” is longer"),
        ('{"name": "a", "token": "a\\u0000"}', "“token” has control characters"),
        ('{"name": "a", "key": "a\\n"}', "regex"),
        ('{"name": "a", "kind": "secret-value"}', "Invalid enum value"),
        ('{"name": "a", "name": "b"}', "twice"),
        ('{"name": "a", "ignored": 99999999999999999999}', "64 bits"),
        ("{", "not JSON"),
    ],
)
def test_refusal_names_the_field_and_repeats_no_input(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why) as refused:
        READ(text)
    assert "secret-value" not in str(refused.value)


@pytest.mark.parametrize(
    "kind", [str, list[str], dict[str, int], Any, Annotated[str, Meta(max_length=5)], Annotated[str, Meta(pattern="^[a-z]+$")],
             Annotated[str, Meta(pattern="x")], tuple[str, ...]],
)  # fmt: skip
def test_text_field_without_a_rule_cannot_be_read(kind: Any) -> None:
    holder = msgspec.defstruct("Holder", [("field", kind)])
    with pytest.raises(NoRule):
        Reader(holder)


class Query(Struct):
    q: Annotated[str, by(Seen(5, cut=True))] = ""
    page: Annotated[int, Meta(ge=1, le=100)] = 1
    since: int | None = None


def test_query_parameters_use_the_same_parser() -> None:
    read: QueryReader[Query] = QueryReader(Query)
    assert read([("q", " a\0 "), ("page", "7"), ("since", ""), ("other", "\0")]) == Query(q="a", page=7)
    for items in ([("page", "1"), ("page", "2")], [("page", "٣")], [("page", "0")], [("page", "9" * 30)], [("since", "-1")]):
        with pytest.raises(Unreadable):
            read(items)


def test_all_client_messages_can_be_read() -> None:
    line = client_messages.decode_client('{"type": "line", "session": "s-1", "line": "c-1", "text": "a\\u0000\\ud83d"}')
    assert isinstance(line, client_messages.SendLine)
    assert line.text == "a\ufffd"


def _reads(path: Path) -> set[str]:
    """Return the attributes by which a module reads raw JSON or raw parts of an address."""
    source = path.read_text()
    if not any(each.rpartition(".")[2] in source for each in READS):
        return set()
    dotted = {ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    return {each for each in dotted if each.endswith(READS)}


@pytest.mark.slow
def test_no_module_bypasses_the_parser() -> None:
    past = {
        f"{path.relative_to(SOURCES)}: {each}"
        for path in SOURCES.rglob("*.py")
        if path.name not in ("reading.py", "bodies.py") and "migrations" not in path.parts  # migrations read no requests
        for each in _reads(path)
        if not each.endswith(ELSEWHERE.get(path.name, "-"))
    }
    assert not past
