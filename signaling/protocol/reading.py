"""Read all JSON and query parameters into typed values. Every text and number is checked. Pure.

A `Reader` is made once for a type. It finds the rule for each text field in the type's annotations. If a text field has no rule,
the import of the module fails, so that no rule can be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Meta, inspect

from . import strict_json
from .strict_json import NotStrict
from .texts import BadText, Exact, Rule, is_narrow

T = TypeVar("T")
Clean = Callable[[Any], Any]
"""A function that takes a value and returns the cleaned value. It raises BadText if the value breaks its rule."""

_RULE = "text"
_WHOLE_NUMBER = re.compile(r"[0-9]{1,15}")


class Unreadable(ValueError):
    """The input is refused. The exception's text is a sentence that quotes nothing of the input."""


class NoRule(TypeError):
    """A text field of a type has neither a rule of `texts` nor a pattern that `texts.is_narrow` accepts."""


def by(rule: Rule) -> Meta:
    """Return the annotation that gives a text its rule, as in `Annotated[str, by(Seen(60))]`.

    The annotation also puts the rule's limits into the JSON Schema of the text.
    """
    return Meta(extra={_RULE: rule}, extra_json_schema=_limits(rule))


def _limits(rule: Rule) -> dict[str, Any]:
    """Return a rule's limits for JSON Schema.

    JSON Schema counts code points, so a limit in visible characters becomes a description.
    """
    if isinstance(rule, Exact):
        return {"maxLength": rule.most_bytes}
    if rule.cut:
        return {"description": f"Cut after {rule.most} grapheme clusters (characters as a person counts them)."}
    description = f"From {rule.least} to {rule.most} grapheme clusters (characters as a person counts them)."
    return {"description": description, "minLength": rule.least}


class Reader(Generic[T]):
    """Reads JSON as `kind`, a type that msgspec knows. The constructor raises NoRule when a text in that type has no rule."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self._decode = msgspec.json.Decoder(kind).decode
        self._clean = _cleaner(inspect.type_info(kind), getattr(kind, "__name__", "message"))

    def __call__(self, data: str | bytes) -> T:
        """Return the JSON as a value of the type `kind`.

        Raises Unreadable when `strict_json` refuses the input, when the rule of a text field refuses the field's value, or when a
        value has a wrong type.
        """
        try:
            text = strict_json.check(data)
        except NotStrict as error:
            raise Unreadable(f"It {error}.") from None
        try:
            value: T = self._repaired(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise Unreadable(_sentence(error)) from None
        return value if self._clean is None else _cleaned(self._clean, value)

    def _repaired(self, text: str) -> Any:
        try:
            return self._decode(text)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            repaired = strict_json.well_formed(text)
            if repaired == text:
                raise
            return self._decode(repaired)


def read_object(data: str | bytes) -> dict[str, Any]:
    """Return the input as a JSON object whose members have any type, such as the answer of a sign-in provider.

    The caller must check the type of each member that it uses. Raises Unreadable when `strict_json` refuses the input, or when
    the input is no object.
    """
    try:
        return msgspec.json.decode(strict_json.check(data), type=dict[str, Any])
    except NotStrict as error:
        raise Unreadable(f"It {error}.") from None
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unreadable(_sentence(error)) from None


class QueryReader(Generic[T]):
    """Reads query parameters as a Struct of texts and whole numbers. A missing parameter gets its default."""

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        info = inspect.type_info(kind)
        self._clean = _cleaner(info, kind.__name__)
        self._numbers = {field.encode_name for field in getattr(info, "fields", ()) if _is_number(field.type)}

    def __call__(self, items: Iterable[tuple[str, str]]) -> T:
        """Return the query parameters as the Struct.

        Raises Unreadable for a repeated parameter, an invalid number, or a text that breaks its rule.
        """
        given: dict[str, Any] = {}
        for name, value in items:
            if name in given:
                raise Unreadable("A parameter is named twice.")
            given[name] = self._number(name, value) if name in self._numbers else value
        try:
            read: T = msgspec.convert({k: v for k, v in given.items() if v is not None}, self.kind)
        except (msgspec.ValidationError, UnicodeError) as error:
            raise Unreadable(_sentence(error)) from None
        return read if self._clean is None else _cleaned(self._clean, read)

    def _number(self, name: str, value: str) -> int | None:
        if not value:
            return None
        if not _WHOLE_NUMBER.fullmatch(value):
            raise Unreadable(f"“{name}” must be a whole number.")
        return int(value)


def _cleaned(clean: Clean, value: T) -> T:
    try:
        kept: T = clean(value)
    except BadText as error:
        raise Unreadable(f"“{error.field}” {error}.") from None
    return kept


def _sentence(error: Exception) -> str:
    """Return msgspec's message without the values that it quotes."""
    said = str(error) if isinstance(error, msgspec.ValidationError) else "It is not JSON"
    return f"{re.sub(r'value .*? - at', 'value - at', said, flags=re.DOTALL)}."


def _is_number(info: inspect.Type) -> bool:
    while isinstance(info, inspect.Metadata):
        info = info.type
    if isinstance(info, inspect.UnionType):
        return any(map(_is_number, info.types))
    return isinstance(info, inspect.IntType)


# --- from a type to a function that cleans its values ---------------------------------------------------------------------


def _cleaner(info: inspect.Type, where: str) -> Clean | None:
    """Return the function that cleans values of this type, or None when nothing needs cleaning.

    Raises NoRule with the name of a text field without a rule.
    """
    rule: Rule | None = None
    while isinstance(info, inspect.Metadata):
        rule = (info.extra or {}).get(_RULE, rule)
        info = info.type
    if isinstance(info, inspect.StrType):
        return _of_text(info, rule, where)
    make = _MAKERS.get(type(info))
    if make is None:
        raise NoRule(f"{where}: {type(info).__name__} may hold unchecked texts; declare a narrower type")
    return make(info, where)


def _of_text(info: inspect.StrType, rule: Rule | None, where: str) -> Clean | None:
    if rule is not None:
        return rule
    if info.pattern is None or not is_narrow(info.pattern):
        raise NoRule(f"{where}: add `by(Seen(…))`, `by(Exact(…))`, or a pattern that allows no control characters")
    return None


def _of_struct(info: inspect.StructType, where: str) -> Clean | None:
    cleaners = [(field.name, _cleaner(field.type, f"{info.cls.__name__}.{field.name}")) for field in info.fields]
    work = [(name, clean) for name, clean in cleaners if clean is not None]
    if not work:
        return None
    if info.cls.__struct_config__.frozen:
        raise NoRule(f"{info.cls.__name__} is frozen: its texts cannot be repaired")

    def clean_struct(value: Any) -> Any:
        for name, clean in work:
            given = getattr(value, name)
            try:
                kept = clean(given)
            except BadText as error:
                error.field = f"{name}.{error.field}" if error.field else name
                raise
            if kept is not given:
                setattr(value, name, kept)
        return value

    return clean_struct


def _of_list(info: Any, where: str) -> Clean | None:
    clean = _cleaner(info.item_type, where)
    return None if clean is None else lambda values: [clean(value) for value in values]


def _of_dict(info: inspect.DictType, where: str) -> Clean | None:
    if _cleaner(info.key_type, f"{where} (its names)") is not None:
        raise NoRule(f"{where}: the names of a dict need a narrow pattern")
    clean = _cleaner(info.value_type, where)
    return None if clean is None else lambda values: {name: clean(value) for name, value in values.items()}


def _of_union(info: inspect.UnionType, where: str) -> Clean | None:
    by_type: dict[type, Clean] = {}
    for each in info.types:
        clean = _cleaner(each, where)
        if clean is None:
            continue
        plain = each.type if isinstance(each, inspect.Metadata) else each
        by_type[plain.cls if isinstance(plain, inspect.StructType) else _PYTHON[type(plain)]] = clean
    if not by_type:
        return None

    def clean_union(value: Any) -> Any:
        clean = by_type.get(type(value))
        return value if clean is None else clean(value)

    return clean_union


def _of_custom(info: inspect.CustomType, where: str) -> None:
    if info.cls is not msgspec.UnsetType:  # UnsetType stands for a missing field: no JSON value has this type
        raise NoRule(f"{where}: {info.cls.__name__} is a custom type that this module does not read")


def _of_plain(_info: inspect.Type, _where: str) -> None:
    return None


_PYTHON: dict[type, type] = {inspect.StrType: str, inspect.ListType: list, inspect.DictType: dict}
_MAKERS: dict[type, Callable[[Any, str], Clean | None]] = {
    inspect.StructType: _of_struct,
    inspect.ListType: _of_list,
    inspect.DictType: _of_dict,
    inspect.UnionType: _of_union,
    inspect.CustomType: _of_custom,
    **dict.fromkeys((inspect.BoolType, inspect.FloatType, inspect.IntType, inspect.LiteralType, inspect.NoneType), _of_plain),
}
