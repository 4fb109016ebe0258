"""One setting: its kind, its help, and its names as a flag, in the environment and in a TOML file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

from .kinds import Kind

PREFIX = "SANGDAM_"
_KEY = "setting"


@dataclass(frozen=True, slots=True)
class Setting:
    """The declaration of one setting of a command.

    `name`: the field of the dataclass, such as "public_url". `section`: the table of the TOML file, "" for the top of the file.
    `repeatable`: the value is a tuple. On the command line, the flag can be repeated. In the environment variable, commas or
    spaces separate the values. `bare`: the value for a flag without a value, or None if the flag needs a value.
    `only_environment`: the setting has no flag and no key in the file.
    """

    name: str
    section: str
    kind: Kind
    help: str
    default: Any
    default_words: str
    repeatable: bool
    bare: str | None
    only_environment: bool

    @property
    def key(self) -> str:
        """Return the setting's key in the TOML file, such as "public-url"."""
        return self.name.replace("_", "-")

    @property
    def flag(self) -> str:
        """Return the setting's flag on the command line, such as "--public-url"."""
        return f"--{self.key}"

    @property
    def full_name(self) -> str:
        """Return the setting's key in the TOML file with its section, such as "media.port"."""
        return f"{self.section}.{self.key}" if self.section else self.key

    @property
    def parameter(self) -> str:
        """Return the setting's parameter name in a command that has settings of several sections, such as "media_port"."""
        return f"{self.section}_{self.name}" if self.section else self.name

    @property
    def variable(self) -> str:
        """Return the setting's variable in the environment, such as "SANGDAM_PUBLIC_URL"."""
        return PREFIX + self.parameter.upper()

    @property
    def default_shown(self) -> str:
        """Return the setting's default as people read it, or "" when the setting has no default."""
        if self.default_words or self.default in (None, "", (), b""):
            return self.default_words
        return self.kind.show(self.default)

    def shown(self, value: Any) -> str:
        """Return a value of the setting as people read it. Secrets are shown as "set"."""
        if value in (None, "", (), b"", self.default):
            return self.default_shown
        return " ".join(map(self.kind.show, value)) if self.repeatable else self.kind.show(value)


def setting(
    default: Any,
    kind: Kind,
    help: str,
    *,
    default_words: str = "",
    repeatable: bool = False,
    bare: str | None = None,
    only_environment: bool = False,
    shared: bool = False,
    factory: Callable[[], Any] | None = None,
) -> Any:
    """Return a dataclass field that declares a setting.

    `default_words`: the default in words, for people who would not understand the value alone. `factory`: makes the default.
    `shared`: the setting has the same flag, variable and key as the server's setting of this name. The other settings of its
    class have the prefix or section of that class.
    """
    told = {
        "kind": kind,
        "help": help,
        "default_words": default_words,
        "repeatable": repeatable,
        "bare": bare,
        "only_environment": only_environment,
        "shared": shared,
    }
    if factory is not None:
        return field(default_factory=factory, metadata={_KEY: told})
    return field(default=default, repr=not only_environment, metadata={_KEY: told})


def settings_of(table: type, section: str = "") -> dict[str, Setting]:
    """Return the settings that a dataclass declares, by name. `section`: the table of the TOML file with these settings."""
    return {each.name: _read(each, section) for each in fields(table) if _KEY in each.metadata}


def _read(declared: Field[Any], section: str) -> Setting:
    told = dict(declared.metadata[_KEY])
    default = None if declared.default is MISSING else declared.default
    return Setting(name=declared.name, section="" if told.pop("shared") else section, default=default, **told)
