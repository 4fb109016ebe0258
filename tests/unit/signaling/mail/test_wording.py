"""A site's own texts of a mail are allowed to use only the placeholders of that mail.

Staff of the site can look at these texts before they are sent.
"""

from __future__ import annotations

import pytest

from signaling.mail.wording import NAMES, WORDED, checked_plan, preview
from signaling.mail.words import TEXTS
from signaling.records import Site
from signaling.records.checks import Invalid
from signaling.records.mail_plan import MailPlan, MailSender, MailText, fields_of, plan_of

NOW = 1_790_000_000_000
SITE = Site(id="shop", names={"ko": "가게", "en": "Shop"}, languages=["ko", "en"], accent="#0f5f57")


def worded(subject: str = "", text: str = "", *, kind: str = "reply", language: str = "ko") -> MailPlan:
    return MailPlan(texts={language: {kind: MailText(subject=subject, text=text)}})


def test_standard_wordings_pass_the_check_of_their_own_mail() -> None:
    for language, texts in TEXTS.items():
        plan = MailPlan(texts={language: {k: MailText(subject=texts[k]["subject"], text=texts[k]["text"]) for k in WORDED}})
        assert checked_plan(plan) == plan
    assert NAMES["reply"] == ["site", "name"]
    assert "when" in NAMES["appointment"]
    assert not {"invitation", "webhook_off"} & set(NAMES), "these belong to no site"


def test_name_that_the_mail_does_not_have_is_refused_by_field() -> None:
    for text in ("{when}", "{nmae}", "{}", "{name.__class__}", "{ site }"):
        with pytest.raises(Invalid) as refused:
            checked_plan(worded("{site}", text))
        assert refused.value.problems == {"texts.ko.reply.text": "unknown_value"}, text
    with pytest.raises(Invalid) as refused:
        checked_plan(worded("x", kind="invitation"))
    assert refused.value.problems == {"texts.ko.invitation": "unknown"}
    assert checked_plan(worded("a } { b", "{site} {name}")).texts["ko"]["reply"].subject == "a } { b"


def test_empty_wording_is_not_stored() -> None:
    assert checked_plan(worded(" ", "\n")).texts == {}
    assert checked_plan(MailPlan(senders={"ko": MailSender()})) == MailPlan()


@pytest.mark.parametrize("kind", WORDED)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_preview_fills_every_name_and_keeps_the_button(kind, language) -> None:
    own = MailText(text=" ".join(f"[{{{name}}}]" for name in NAMES[kind]))
    seen = preview(SITE, kind, language, own, url="https://talk.example", name="지민", now=NOW)
    assert "{" not in seen.subject + seen.text
    assert f"[{SITE.names[language]}]" in seen.text
    button = TEXTS[language][kind]["button"]
    assert (f">{button}</a>" in seen.html) == bool(button)


def test_plan_becomes_fields_of_the_audit_and_back() -> None:
    plan = MailPlan(
        sender="가게",
        alerts=["a@shop.example"],
        senders={"ja": MailSender(sender="店")},
        texts={"zh-Hans": {"reply": MailText(subject="答复")}},
    )
    fields = fields_of(plan)
    assert fields["mail.ja.sender"] == "店"
    assert (fields["mail.sender"], fields["mail.zh-Hans.reply.subject"]) == ("가게", "答复")
    assert plan_of(fields | {"mail.ko.reply.text": "", "mail.es.reply_to": ""}) == plan
