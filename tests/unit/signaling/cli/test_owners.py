"""The command line removes or demotes the last owner of an organisation only with an explicit option."""

from __future__ import annotations

from pathlib import Path

from tests.unit.signaling.cli.commands import as_json, done, run


def test_last_owner_goes_only_by_the_named_option(folder: Path) -> None:
    done(folder, "init", "--login", "boss", "--password-stdin", typed="violet harbour lamp\n")
    for words in (("remove", "boss"), ("change", "boss", "--inactive"), ("change", "boss", "--role", "manager")):
        refused = run(folder, "staff", *words)
        assert refused.exit_code == 1
        assert "“boss” is the last owner of the organisation. Make somebody else an owner first" in refused.output
    assert as_json(folder, "staff", "show", "boss")["offices"] == ["administrator", "owner"]
    done(folder, "staff", "change", "boss", "--role", "administrator", "--leave-without-owner")
    done(folder, "staff", "remove", "boss", "--leave-without-owner")
    assert as_json(folder, "staff", "list") == []


def test_file_that_leaves_no_owner_changes_nothing(folder: Path, tmp_path: Path) -> None:
    done(folder, "init", "--login", "boss", "--password-stdin", typed="violet harbour lamp\n")
    done(folder, "organisation", "add", "acme", "--name", "Acme")
    rival = ("rival", "--name", "Rival", "--role", "owner", "--organisation", "acme", "--password-stdin")
    done(folder, "staff", "add", *rival, typed="violet harbour lamp\n")
    file = tmp_path / "wanted.toml"
    demoted = '[staff.boss]\nname = "Boss"\nroles = ["administrator"]\n'
    file.write_text(demoted)
    refused = run(folder, "apply", str(file), "--yes")
    assert (refused.exit_code, "would be owner of “main” any more" in refused.output) == (1, True)
    assert as_json(folder, "staff", "show", "boss")["offices"] == ["administrator", "owner"]
    file.write_text(f'{demoted}[staff.hana]\nname = "Hana"\nroles = ["owner"]\n')
    done(folder, "apply", str(file), "--yes")
    assert as_json(folder, "staff", "show", "boss")["offices"] == ["administrator"]
