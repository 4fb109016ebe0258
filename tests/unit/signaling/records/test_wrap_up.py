"""Outcomes form a tree. A category can have outcomes of its own, and can require that staff choose one."""

from __future__ import annotations

import pytest

from signaling.records import Category, Site
from signaling.records.wrap_up import BadPlan, Outcome, Tag, Template, WrapUpPlan, check

PLAN = WrapUpPlan(
    outcomes=[
        Outcome(id="returns", names={"ko": "반품", "en": "Returns"}, categories=["cameras"]),
        Outcome(id="damaged", names={"ko": "파손", "en": "Damaged"}, parent="returns"),
        Outcome(id="done", names={"ko": "끝", "en": "Done"}),
    ],
    required=["cameras"],
    tags=[Tag(id="vip", names={"ko": "단골"})],
    templates=[Template(title="반품", text="송장:", categories=["lenses"]), Template(title="모두", text="요약:")],
)
SITE = Site(
    id="shop",
    wrap_up=PLAN,
    categories={
        "cameras": Category(id="cameras"),
        "lenses": Category(id="lenses", parent="cameras"),
        "audio": Category(id="audio"),
    },
)


def test_choices_are_those_of_the_category_and_headings_are_none() -> None:
    lenses, audio = SITE.category_path("lenses"), SITE.category_path("audio")
    assert [each.id for each in PLAN.choosable(lenses)] == ["damaged", "done"]
    assert [each.id for each in PLAN.choosable(audio)] == ["done"]
    assert (PLAN.needs_outcome(lenses), PLAN.needs_outcome(audio)) == (True, False)
    assert [each.title for each in PLAN.templates_for(lenses)] == ["반품", "모두"]
    assert [each.title for each in PLAN.templates_for(audio)] == ["모두"]


def test_names_include_headings_and_outlive_their_outcome() -> None:
    assert SITE.outcome_name("damaged", "ko") == "반품 › 파손"
    assert SITE.outcome_name("damaged", "en-GB") == "Returns › Damaged"
    assert SITE.outcome_name("removed", "ko") == "removed"
    assert SITE.outcome_name("", "ko") == ""
    assert (SITE.tag_name("vip", "en"), SITE.tag_name("gone", "en")) == ("단골", "gone")
    assert Site(id="new").outcome_name("resolved", "en") == "Solved"


def one(**changed: object) -> Outcome:
    return Outcome(**({"id": "a", "names": {"ko": "가"}} | changed))


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (WrapUpPlan(outcomes=[one(), one()]), "two outcomes “a”"),
        (WrapUpPlan(outcomes=[one(names={})]), "has no name"),
        (WrapUpPlan(outcomes=[one(parent="b")]), "does not exist"),
        (WrapUpPlan(outcomes=[one(parent="b"), one(id="b", parent="a")]), "below itself"),
        (WrapUpPlan(outcomes=[one(id=str(n), parent=str(n - 1) if n else None) for n in range(5)]), "4 levels"),
        (WrapUpPlan(outcomes=[one(categories=["boats"])]), "no category “boats”"),
        (WrapUpPlan(required=["boats"]), "no category “boats”"),
        (WrapUpPlan(tags=[Tag(id="t", names={})]), "tag has no name"),
    ],
)
def test_a_plan_that_fits_no_site_is_refused(plan: WrapUpPlan, told: str) -> None:
    with pytest.raises(BadPlan, match=told):
        check(plan, SITE.categories)
    check(PLAN, SITE.categories)
