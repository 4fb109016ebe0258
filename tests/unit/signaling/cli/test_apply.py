"""`sangdam apply` makes an installation from a file. Before that, the command says what it will change.

A second run with the same file changes nothing.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from signaling.cli.apply.installation import load
from signaling.cli.apply.storing import Storing
from signaling.config.settings import Settings
from signaling.records import Records
from signaling.records.owners import LastOwner
from tests.unit.signaling.cli.commands import as_json, done, run

pytestmark = pytest.mark.slow

FILE = """
[organisations.main]
name = "Haneul"

[sign_in]
second_factor = "required"

[organisations.main.sign_in]
hours = 8

[sites.shop]
names = { ko = "가게", en = "Shop" }
origins = ["https://shop.example"]
languages = ["ko", "en"]
accent = "#0f5f57"
retention_days = 30
recording = "ask"
staff_names = "hidden"
keys = ["shop-1"]
mail = { sender = "Haneul" }

[sites.shop.categories.cameras]
names = { en = "Cameras" }
priority = 2
widens_s = [10, 20]
hours = { timezone = "Asia/Seoul", week = { mon = ["09:00-18:00"] }, days = { 12-25 = [] } }

[sites.shop.categories.lenses]
names = { en = "Lenses" }
parent = "cameras"

[[sites.shop.replies]]
language = "ko"
title = "인사"
text = "안녕하세요."

[sites.shop.outcomes]
outcomes = [{ id = "sold", names = { en = "Sold" } }]

[sites.maru]
names = { en = "Maru" }
origins = ["https://maru.example"]
languages = ["en"]
categories = { general = { names = { en = "Questions" } } }

[staff.Boss]
name = "Boss"
roles = ["administrator", "owner"]

[staff.jimin]
name = "Jimin"
roles = ["counselor"]
languages = ["ko", "en"]
sites = ["shop"]
categories = ["cameras"]
texts = 2
texts_in_call = false
"""


def write(folder: Path, text: str, name: str = "wanted.toml") -> str:
    file = folder.parent / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def applied(folder: Path, text: str, *words: str) -> str:
    return done(folder, "apply", write(folder, text), "--yes", "--public-url", "https://counsel.example", *words)


def refused(folder: Path, text: str, *words: str) -> str:
    result = run(folder, "apply", write(folder, text), "--yes", *words)
    assert result.exit_code == 1
    return result.output


def audit(folder: Path) -> list[Any]:
    async def read() -> list[Any]:
        records = await Records.open(Settings(data_dir=folder).database_url)
        found, _ = await records.audits()
        await records.close()
        return found

    return asyncio.run(read())


def test_file_makes_an_installation_and_says_first_what_it_adds(folder: Path) -> None:
    said = applied(folder, FILE)
    assert '~ organisations.main\n      name: "" → "Haneul"\n' in said
    assert "+ sites.shop\n" in said
    assert "+ sites.shop.categories.lenses\n" in said
    assert '~ sign_in\n      second_factor: "off" → "required"' in said
    site = as_json(folder, "site", "show", "shop")
    assert (site["names"], site["retention_days"], site["recording"], site["staff_names"]) == (
        {"ko": "가게", "en": "Shop"}, 30, "ask", "hidden",
    )  # fmt: skip
    [cameras, lenses] = as_json(folder, "category", "list", "shop")
    assert (cameras["priority"], cameras["widens_s"], lenses["parent"]) == (2, [10, 20], "cameras")
    hours = as_json(folder, "category", "hours", "shop", "lenses")
    assert (hours["hours"], hours["week"], hours["holidays"]) == ("inherited", {"mon": ["09:00-18:00"]}, {"12-25": []})
    jimin = as_json(folder, "staff", "show", "jimin")
    assert (jimin["role"], jimin["sites"], jimin["texts"], jimin["texts_in_call"]) == ("counselor", ["shop"], 2, False)
    assert "안녕하세요." in done(folder, "replies", "export", "shop")
    assert '"sold"' in done(folder, "outcomes", "show", "shop")
    assert done(folder, "sign-in") == "second factor: required\nprovider: offered\nhours: 12\n"
    assert done(folder, "sign-in", "--organisation", "main").endswith("hours: 8\n")


def test_new_staff_get_a_link_and_new_keys_a_secret_once(folder: Path) -> None:
    said = applied(folder, FILE)
    assert "boss, valid for a day: https://operator.counsel.example/operator#new-password=" in said
    assert "jimin, valid for a day: https://counselor.counsel.example/console#new-password=" in said
    [secret] = [line.split(": ")[1] for line in said.splitlines() if line.startswith("Secret of the key “shop-1”")]
    again = applied(folder, FILE)
    exported = done(folder, "apply", "--export")
    assert "#new-password=" not in again + exported
    assert secret not in again + exported


def test_export_applied_again_changes_nothing(folder: Path) -> None:
    applied(folder, FILE)
    exported = done(folder, "apply", "--export")
    entries = len(audit(folder))
    assert "Nothing to change" in applied(folder, exported, "--prune")
    assert len(audit(folder)) == entries
    other = folder.parent / "other"
    applied(other, exported)
    assert done(other, "apply", "--export") == exported


def test_change_is_shown_field_by_field_and_audited_with_both_values(folder: Path) -> None:
    applied(folder, FILE)
    said = applied(folder, "[sites.shop]\nretention_days = 60\n[sites.shop.categories.lenses]\npriority = 5\n")
    assert "~ sites.shop\n      retention_days: 30 → 60\n" in said
    assert '~ sites.shop.categories.lenses\n      priority: "inherit" → 5\n' in said
    assert "0 to add, 2 to change, 0 to remove" in said
    assert "categories:" not in said, "naming one of two categories changes no order"
    [entry] = [each for each in audit(folder) if each.action == "site.save" and each.change and each.change.before]
    assert (entry.actor, entry.subject) == ("cli", "site/shop")
    assert entry.change.before["retention_days"] == 30
    assert entry.change.after["retention_days"] == 60


def test_what_the_file_leaves_out_stays(folder: Path) -> None:
    applied(folder, FILE)
    before = done(folder, "apply", "--export")
    applied(folder, '[sites.shop]\nnames = { en = "The shop" }\n[staff.jimin]\ntexts = 4\n')
    changed = before.replace('en = "Shop"', 'en = "The shop"').replace("texts = 2", "texts = 4")
    assert done(folder, "apply", "--export") == changed != before


def test_prune_removes_the_rest_of_each_kind_that_the_file_names(folder: Path) -> None:
    applied(folder, FILE)
    only = FILE.replace("[sites.maru]", "[sites.maru2]").split("[staff.Boss]")[0].replace('title = "인사"', 'title = "끝인사"')
    said = applied(folder, only.replace("[sites.shop.categories.lenses]", "[sites.shop.categories.films]"), "--prune")
    assert "- sites.maru\n" in said
    assert "- sites.shop.categories.lenses\n" in said
    assert "- sites.shop.replies “인사” (ko)\n" in said
    assert sorted(each["id"] for each in as_json(folder, "site", "list")) == ["maru2", "shop"]
    assert len(as_json(folder, "staff", "list")) == 2, "the file names no staff, so all stay"


def test_prune_never_removes_the_last_owner(folder: Path) -> None:
    applied(folder, FILE)
    said = refused(folder, "[staff.jimin]\ntexts = 1\n", "--prune")
    assert "[staff]: nobody active would be owner of “main” any more." in said
    assert len(as_json(folder, "staff", "list")) == 2


def test_office_of_the_last_owner_goes_to_another_in_one_file(folder: Path) -> None:
    applied(folder, FILE)
    handed_over = '[staff.Boss]\nroles = ["administrator", "manager"]\n[staff.zoe]\nname = "Zoe"\nroles = ["owner"]\n'
    applied(folder, handed_over)
    offices = {each["login"]: each["offices"] for each in as_json(folder, "staff", "list")}
    assert (offices["boss"], offices["zoe"]) == (["administrator", "manager"], ["owner"])


def test_owner_who_lost_the_office_while_apply_asks_is_not_missed(folder: Path) -> None:
    """An organisation has two owners when the command reads the database, but only one when it stores the changes."""
    applied(folder, FILE + '[staff.zoe]\nname = "Zoe"\nroles = ["owner"]\n')

    async def race() -> str:
        records = await Records.open(Settings(data_dir=folder).database_url)
        present = await load(records)
        boss, zoe = present.staff["boss"], present.staff["zoe"]
        wanted = replace(present, staff=present.staff | {"boss": msgspec.structs.replace(boss, offices=["manager"])})
        await records.save_staff(msgspec.structs.replace(zoe, active=False))
        try:
            with pytest.raises(LastOwner):
                await Storing(records, present, wanted).store()
            return " ".join((await load(records)).staff["boss"].offices)
        finally:
            await records.close()

    assert asyncio.run(race()) == "administrator owner"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "Haneul"', 'name = "Sori"'),
        ("hours = 8", "hours = 6"),
        ('mail = { sender = "Haneul" }', 'mail = { sender = "Sori" }'),
        ('text = "안녕하세요."', 'text = "반가워요."'),
        ('name = "Jimin"', 'name = "Mina"'),
        ('[staff.jimin]\nname = "Jimin"\nroles = ["counselor"]', '[staff.suho]\nname = "Suho"\nroles = ["counselor"]'),
        ("[sites.maru]", "[sites.nuri]"),
    ],
)
def test_change_is_stored_with_its_audit_entry_or_not_at_all(folder: Path, old: str, new: str) -> None:
    applied(folder, FILE)
    wanted = FILE.replace(old, new, 1)
    before = done(folder, "apply", "--export")
    with closing(sqlite3.connect(folder / "records.sqlite", isolation_level=None)) as file:
        file.execute("CREATE TRIGGER no_entry BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no entry'); END")
        assert run(folder, "apply", write(folder, wanted), "--yes", "--prune").exit_code == 1
        assert done(folder, "apply", "--export") == before
        file.execute("DROP TRIGGER no_entry")
    applied(folder, wanted, "--prune")
    assert done(folder, "apply", "--export") != before


def test_dry_run_and_a_no_change_nothing(folder: Path) -> None:
    assert "+ sites.shop" in done(folder, "apply", write(folder, FILE), "--dry-run")
    asked = run(folder, "apply", write(folder, FILE), typed="n\n")
    assert asked.exit_code == 1
    assert "Do this?" in asked.output
    assert as_json(folder, "site", "list") == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ('[sites.shop]\nretention_day = 3', "[sites.shop] retention_day: there is no such key; did you mean “retention_days”?"),
        ('[sites.shop]\nretention_days = "long"', "[sites.shop] retention_days: expected `int`, got `str`."),
        ("[sites.shop]\nretention_days = 0", "[sites.shop] retention_days: is outside the allowed range."),
        ('[sites.shop]\norigins = ["https://a.example/path"]', "[sites.shop] origins: must be origins such as"),
        ('[sites.shop]\nrecording = "always"', "[sites.shop] recording: invalid enum value"),
        ('[sign_in]\nprovider = "only"', "[sign_in] provider: without a sign-in provider"),
        ('[organisations.main.sign_in]\nprovider = "only"', "[organisations.main.sign_in] provider: without a sign-in provider"),
        ('[sites.shop]\nkeys = ["a", "b", "c"]', "[sites.shop] keys: a site has 2 keys at most"),
        ('[sites.shop]\norganisation = "rival"', "[sites.shop] organisation: it belongs to “main”"),
        ('[sites.shop.categories.lenses]\nparent = "x"', "[sites.shop.categories.lenses] parent: must be another category"),
        ('[sites.shop.categories.lenses]\npriority = "high"', "[sites.shop.categories.lenses] priority: expected `int | null`"),
        ('[sites.shop.categories.lenses]\nhour = "x"', "[sites.shop.categories.lenses] hour: there is no such key"),
        (
            '[sites.shop.categories.lenses.hours]\ntimezone = "Mars/Base"\n',
            "[sites.shop.categories.lenses] hours: There is no time zone “Mars/Base”",
        ),
        ('[[sites.shop.replies]]\nlanguage = "ja"\ntitle = "A"\ntext = "B"', "[sites.shop] replies: the site does not offer"),
        ('[sites.shop.outcomes]\nrequired = ["x"]', "[sites.shop] outcomes: The site has no category “x”."),
        ('[sites.new]\nlanguages = ["en"]', "[sites.new] origins: is missing."),
        ('[staff.jimin]\nroles = ["counselor", "professional"]', "[staff.jimin] roles: cannot be both"),
        ('[staff.jimin]\nroles = ["boss"]', "[staff.jimin] roles"),
        ('[staff.jimin]\nsites = ["nowhere"]', "[staff.jimin] sites: does not exist."),
        ('[staff.jimin]\npassword = "x"', "[staff.jimin] password: there is no such key"),
        ('[staff.new]\nroles = ["counselor"]', "[staff.new]"),
        ('[staff."a b"]\nname = "A"\nroles = ["owner"]', "[staff.a b] login: has letters, digits"),
        ('[organisations."a b"]\nname = "A"', "[organisations.a b] id"),
        ('[organisations.b]\nname = ""', "[organisations.b] name"),
        ('[site.shop]\n', "there is no such key; did you mean “sites”?"),
        ('[staff.Bo]\nname = "A"\nroles = ["owner"]\n[staff.bo]\nname = "B"\nroles = ["owner"]', "[staff]: two tables differ"),
        ('sites = 3', "[sites]: must be a table."),
        ('[sites."\\u001b[2J"]\n', "[sites.\ufffd[2J] id: has letters"),
        ("[sites.shop", "is no TOML"),
    ],
)  # fmt: skip
def test_mistake_is_named_by_file_table_and_key(folder: Path, given: str, says: str) -> None:
    applied(folder, FILE)
    before = done(folder, "apply", "--export")
    said = refused(folder, given)
    assert "wanted.toml" in said
    assert says in said
    assert done(folder, "apply", "--export") == before


def test_all_mistakes_are_said_at_once(folder: Path) -> None:
    said = refused(folder, '[sites.a]\naccent = "red"\n[staff.b]\nname = "B"\nroles = []\n')
    assert "[sites.a] accent" in said
    assert "[sites.a] origins" in said
    assert "[staff.b] roles" in said


def test_export_holds_every_setting_and_no_secret(folder: Path) -> None:
    applied(folder, FILE)
    key = as_json(folder, "site", "key", "maru", "k1")["secret"]
    done(folder, "staff", "add", "ops", "--name", "Ops", "--role", "operator", "--password-stdin", typed="lantern under rivers\n")
    exported = done(folder, "apply", "--export")
    assert "[staff.ops]" in exported
    assert 'keys = [\n    "k1",\n]' in exported
    assert key not in exported
    assert "argon2" not in exported


def test_prune_reaches_no_organisation_that_the_file_leaves_out(folder: Path) -> None:
    done(folder, "organisation", "add", "rival", "--name", "Rival")
    applied(folder, FILE)
    theirs = '[sites.theirs]\norganisation = "rival"\nnames = { en = "T" }\norigins = ["https://t.example"]\nlanguages = ["en"]\n'
    applied(folder, theirs + '[staff.foe]\norganisation = "rival"\nname = "Foe"\nroles = ["manager"]\n')
    assert "Nothing to change" in applied(folder, FILE, "--prune")
    said = refused(folder, theirs.replace('"rival"', '"main"'))
    assert "[sites.theirs] organisation: it belongs to “rival” and cannot move" in said


ED25519 = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"  # RFC 8037, A.2


def test_public_keys_and_addresses_come_from_the_file_and_return_to_it(folder: Path) -> None:
    jwk = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": ED25519})
    key = f"{{ id = \"ed\", public = '{jwk}' }}"
    address = '{ id = "jwks", address = "https://shop.example/jwks.json" }'
    applied(folder, FILE)
    said = applied(folder, f"[sites.maru]\nkeys = [{key}, {address}]\n")
    assert "Secret" not in said
    exported = done(folder, "apply", "--export")
    assert ED25519 in exported
    assert "https://shop.example/jwks.json" in exported
    assert "Nothing to change" in applied(folder, exported)
    assert "Nothing to change" in applied(folder, '[sites.maru]\nkeys = ["ed", "jwks"]\n')


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ('{ id = "k", public = "-----BEGIN PRIVATE KEY-----" }', "is a private key"),
        ('{ id = "k", public = "x" }', "must be a public key"),
        ('{ id = "k", address = "https://10.0.0.1/" }', "must be public"),
        ('{ id = "k", address = "https://a.example/", public = "x" }', "not both"),
        ('"k", { id = "k", public = "x" }', "two keys have one name"),
        ('{ id = "api:v1" }', "keys"),
    ],
)
def test_wrong_key_of_the_file_is_named(folder: Path, key: str, says: str) -> None:
    applied(folder, FILE)
    said = refused(folder, f"[sites.maru]\nkeys = [{key}]\n")
    assert "[sites.maru] keys" in said
    assert says in said


def test_from_address_needs_a_setting_of_the_server_that_allows_it(folder: Path) -> None:
    wanted = FILE.replace('mail = { sender = "Haneul" }', 'mail = { from_address = "hello@shop.example" }')
    assert "[sites.shop.mail] from_address: must be an address that the server's setting" in refused(folder, wanted)
    assert "neither a domain" in run(folder, "apply", "--export", "--mail-from-allow", "a@b").output
    applied(folder, wanted, "--mail-from-allow", "Shop.example")
    assert 'from_address = "hello@shop.example"' in done(folder, "apply", "--export")
    wanted = FILE.replace("mail = { sender", 'mail = { senders = { ja = { from_address = "ja@shop.example" } }, sender')
    assert "[sites.shop.mail] senders.ja.from_address: must be" in refused(folder, wanted)
    applied(folder, wanted, "--mail-from-allow", "shop.example")
    assert 'from_address = "ja@shop.example"' in done(folder, "apply", "--export")
