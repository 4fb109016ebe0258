"""The choices that a site gives its staff after a conversation: outcomes in a tree, tags, and templates for notes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from signaling.protocol.own_texts import in_each
from signaling.protocol.reading import by
from signaling.protocol.texts import Seen
from signaling.protocol.words import Id

MOST_OUTCOMES = 200  # one site has at most this many outcomes, including headings
MOST_TAGS = 100  # one site has at most this many tags
MOST_TEMPLATES = 50  # one site has at most this many templates for notes
MOST_LEVELS = 4  # a site's tree of outcomes has at most this many levels
ALL = "*"

_Language = Annotated[str, Meta(max_length=35, pattern=r"^[A-Za-z0-9-]+\Z")]
_Category = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.*-]+\Z")]
_Names = dict[_Language, Annotated[str, by(Seen(60, least=1))]]


class BadPlan(ValueError):
    """A site's outcomes, tags or templates are refused. The exception's text is a sentence that names the fault."""


class Outcome(Struct, kw_only=True):
    """A way in which a conversation can end.

    An outcome with outcomes below it is a heading and cannot be chosen. `categories`: the outcome can be chosen in these
    categories and in the categories below them; empty: in all categories.
    """

    id: Id
    names: _Names
    parent: Id | None = None
    categories: list[_Category] = []


class Tag(Struct, kw_only=True):
    """A word that staff can attach to a conversation, in addition to its outcome."""

    id: Id
    names: _Names


class Template(Struct, kw_only=True):
    """A text that staff can begin their notes with. `categories`: as in `Outcome`."""

    title: Annotated[str, by(Seen(80, least=1))]
    text: Annotated[str, by(Seen(2000, least=1, lines=True))]
    categories: list[_Category] = []


class WrapUpPlan(Struct, kw_only=True):
    """The outcomes, tags and templates of one site. `required`: categories in which an outcome must be chosen; "*" for all."""

    outcomes: Annotated[list[Outcome], Meta(max_length=MOST_OUTCOMES)] = []
    required: list[_Category] = []
    tags: Annotated[list[Tag], Meta(max_length=MOST_TAGS)] = []
    templates: Annotated[list[Template], Meta(max_length=MOST_TEMPLATES)] = []

    def needs_outcome(self, path: Sequence[str]) -> bool:
        """Return whether staff must choose an outcome after a conversation in this category.

        `path`: the category and its ancestors.
        """
        return bool({ALL, *path} & set(self.required))

    def choosable(self, path: Sequence[str]) -> list[Outcome]:
        """Return the outcomes that can be chosen in a category, in the site's order."""
        headings = {each.parent for each in self.outcomes}
        leaves = [each for each in self.outcomes if each.id not in headings]
        return [each for each in leaves if all(_suits(one.categories, path) for one in self.line(each.id))]

    def line(self, outcome: str) -> list[Outcome]:
        """Return the outcome and the headings above it in the tree, the topmost first. Return [] for an unknown outcome."""
        known = {each.id: each for each in self.outcomes}
        found: list[Outcome] = []
        here: str | None = outcome
        while here is not None and here in known and known[here] not in found:
            found.insert(0, known[here])
            here = known[here].parent
        return found

    def templates_for(self, path: Sequence[str]) -> list[Template]:
        """Return the templates for notes about a conversation in a category. `path`: the category and its ancestors."""
        return [each for each in self.templates if _suits(each.categories, path)]


def check(plan: WrapUpPlan, categories: Collection[str]) -> None:
    """Raise BadPlan when an id is used twice, a name is missing, or an outcome's parent or a category is unknown.

    Raise this error also when the tree of outcomes has a cycle or too many levels.
    """
    for what, ids in (("outcome", [each.id for each in plan.outcomes]), ("tag", [each.id for each in plan.tags])):
        twice = next((each for each in ids if ids.count(each) > 1), None)
        if twice is not None:
            raise BadPlan(f"There are two {what}s “{twice}”.")
    known = {each.id: each for each in plan.outcomes}
    for outcome in plan.outcomes:
        if not outcome.names:
            raise BadPlan(f"The outcome “{outcome.id}” has no name.")
        if outcome.parent is not None and outcome.parent not in known:
            raise BadPlan(f"The outcome “{outcome.id}” is below “{outcome.parent}”, which does not exist.")
        line = plan.line(outcome.id)
        if line[0].parent is not None:
            raise BadPlan(f"The outcome “{outcome.id}” is below itself.")
        if len(line) > MOST_LEVELS:
            raise BadPlan(f"The tree of outcomes has more than {MOST_LEVELS} levels at “{outcome.id}”.")
    bound = [*(each.categories for each in plan.outcomes), *(each.categories for each in plan.templates)]
    named = [*plan.required, *(category for categories in bound for category in categories)]
    unknown = next((each for each in named if each != ALL and each not in categories), None)
    if unknown is not None:
        raise BadPlan(f"The site has no category “{unknown}”.")
    if not all(tag.names for tag in plan.tags):
        raise BadPlan("A tag has no name.")


def _suits(categories: Sequence[str], path: Sequence[str]) -> bool:
    return not categories or ALL in categories or not set(categories).isdisjoint(path)


_OUTCOMES = ("resolved", "follow_up", "referred", "unresolved", "dropped", "not_reached")

STANDARD = WrapUpPlan(outcomes=[Outcome(id=each, names=in_each(f"outcome.{each}")) for each in _OUTCOMES])
"""The outcomes of a site that has not set its own outcomes, tags or templates."""
