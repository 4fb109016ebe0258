"""Settings from the environment and from a TOML file. An unknown name is an error, whose sentence suggests a similar name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .caption_settings import SECTION as CAPTIONS_SECTION
from .caption_settings import CaptionSettings
from .kinds import nearest
from .media_settings import SECTION, MediaSettings
from .setting import PREFIX, Setting, settings_of
from .settings import Settings

SERVER = settings_of(Settings)
MEDIA = settings_of(MediaSettings, SECTION)
CAPTIONS = settings_of(CaptionSettings, CAPTIONS_SECTION)
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
# These variables begin with the prefix but are not settings: the path of the settings file, and the variables that our processes
# pass to each other. The tests have variables of their own, too.
_OTHERS = (CONFIG_VARIABLE, f"{PREFIX}MEDIA_TOKEN", f"{PREFIX}MEDIA_REDIS", f"{PREFIX}CAPTIONS_TOKEN")
_TESTS = f"{PREFIX}TEST_"
_FILE_BYTES = 1 << 20


class BadConfig(ValueError):
    """A settings file or the environment is refused. The exception's text is a sentence that contains no setting's value."""


def all_settings() -> list[Setting]:
    """Return the settings of all commands, each setting once. The server's settings are first."""
    return [*SERVER.values(), *(each for each in (*MEDIA.values(), *CAPTIONS.values()) if each.section)]


def check_environment(environment: Iterable[str]) -> None:
    """Raise BadConfig when the environment has a variable that begins with SANGDAM_ but is not a setting."""
    known = [*(each.variable for each in all_settings()), *_OTHERS]
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known and not name.startswith(_TESTS):
            raise BadConfig(f"The environment has {name}, which is no setting.{_meant(name, known)}")


def read_config(file: Path) -> dict[str, str | list[str]]:
    """Return the settings in a TOML file, by full name ("media.port"), as texts.

    Raises BadConfig if the file cannot be read, is not TOML, or has a key that is no setting or a value of a wrong type.
    """
    try:
        with file.open("rb") as source:
            content = source.read(_FILE_BYTES + 1)
        if len(content) > _FILE_BYTES:
            raise BadConfig(f"{file} is larger than 1 MiB.")
        table = tomllib.loads(content.decode())
    except OSError as error:
        raise BadConfig(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadConfig(f"{file} is not UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{file} is not TOML: {error}.") from None
    known = {each.full_name: each for each in all_settings() if not each.only_environment}
    return {name: _texts(file, known, name, value) for name, value in _flat(table)}


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _texts(file: Path, known: dict[str, Setting], name: str, value: Any) -> str | list[str]:
    declared = known.get(name)
    if declared is None:
        raise BadConfig(f"{file} has “{name}”, which is no setting.{_meant(name, list(known))}")
    if isinstance(value, list) and declared.repeatable:
        return [_text(file, name, each) for each in value]
    one = _text(file, name, value)
    return [one] if declared.repeatable else one


def _text(file: Path, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | str):
        return str(value)
    raise BadConfig(f"{name} in {file} must be a text, a number, true or false.")


def _meant(name: str, known: list[str]) -> str:
    prefix = PREFIX if name.startswith(PREFIX) else ""
    near = nearest(name.removeprefix(prefix), [each.removeprefix(prefix) for each in known])
    return f" Did you mean {prefix}{near}?" if near else " `sangdam settings` lists them all."
