"""`sangdam category`: the categories of a site."""

from __future__ import annotations

from typing import Any, BinaryIO, Final

import click
from msgspec import to_builtins
from msgspec.structs import replace

from matcher.rules import MOST_PRIORITY, MOST_WIDENS_MS
from signaling.protocol.audit_actions import AuditAction
from signaling.protocol.reading import Reader, Unreadable
from signaling.records import Category, Records, Site
from signaling.records.audit_entries import of_site
from signaling.records.checks import checked_site
from signaling.records.site_front import FormField

from .sites import site_of
from .typed import an_id, audit_of, json_option, name_option, show, valid, with_records

MOST_FORM_BYTES: Final = 64 * 1024
_read_form: Reader[list[FormField]] = Reader(list[FormField])


@click.group()
def category() -> None:
    """Manage the categories of a site's questions."""


def _category_row(found: Category) -> dict[str, Any]:
    return {
        "id": found.id,
        "parent": found.parent,
        "names": found.names,
        "priority": found.priority,
        "widens_s": found.widens_s,
        "form": None if found.form is None else to_builtins(found.form),
    }


@category.command("add")
@click.argument("site_id", metavar="SITE")
@click.argument("category_id", metavar="ID", callback=an_id)
@name_option
@click.option("--parent", default=None, help="Parent category; its staff are asked, too, after a while (--widen). '' for none.")
@click.option(
    "--priority",
    default=None,
    type=click.IntRange(-MOST_PRIORITY, MOST_PRIORITY),
    help="How far requests go ahead: one step counts like a minute of waiting. [default: the parent's, or 0]",
)
@click.option(
    "--widen",
    nargs=2,
    type=click.IntRange(0, MOST_WIDENS_MS // 1000),
    default=None,
    metavar="S S",
    help="Seconds after which the parent's staff and then all staff are asked, too. [default: the parent's, or 15 30]",
)
@click.option(
    "--form",
    type=click.File("rb"),
    default=None,
    help='What users are asked before, as a JSON file: [{"id": "order", "names": {"en": "Order number"}, "kind": "line",'
    ' "required": true}]. Kinds: line, text, choice (with "choices": [{"en": "…"}, …]). null: as the parent.',
)
@json_option
@with_records
async def category_add(
    records: Records,
    site_id: str,
    category_id: str,
    names: dict[str, str],
    parent: str | None,
    priority: int | None,
    widen: tuple[int, int] | None,
    form: BinaryIO | None,
    as_json: bool,
) -> None:
    """Add a category to a site, or change one. Settings whose option is not given keep their value."""
    found = await site_of(records, site_id)
    before = found.categories.get(category_id) or Category(id=category_id, names={"en": category_id})
    added = replace(
        before,
        names=names or before.names,
        parent=before.parent if parent is None else parent or None,
        priority=before.priority if priority is None else priority,
        widens_s=before.widens_s if widen is None else widen,
        form=before.form if form is None else _form_in(form),
    )
    parent = added.parent
    changed = replace(found, categories=found.categories | {category_id: added})
    if parent is not None and (parent not in found.categories or category_id in found.category_path(parent)):
        raise click.ClickException(f"“{parent}” cannot be its parent: it does not exist, or is below this category.")
    changed = valid(checked_site, changed)
    await _store(records, "category.save", found, changed, category_id)
    show([_category_row(added)], as_json=as_json, one=True)


def _form_in(file: BinaryIO) -> list[FormField] | None:
    """Return the fields of the category's form from a JSON file.

    Return None if the file holds `null`, which means that the category inherits the form of its parent. Raises ClickException
    when the form is not valid.
    """
    try:
        text = file.read(MOST_FORM_BYTES)
        return None if text.strip() == b"null" else _read_form(text)
    except Unreadable as error:
        raise click.ClickException(f"The form is not valid: {error}") from None


@category.command("list")
@click.argument("site_id", metavar="SITE")
@json_option
@with_records
async def category_list(records: Records, site_id: str, as_json: bool) -> None:
    """List the categories of a site."""
    show([_category_row(found) for found in (await site_of(records, site_id)).categories.values()], as_json=as_json)


@category.command("show")
@click.argument("site_id", metavar="SITE")
@click.argument("category_id", metavar="ID")
@json_option
@with_records
async def category_show(records: Records, site_id: str, category_id: str, as_json: bool) -> None:
    """Show one category."""
    found = (await site_of(records, site_id)).categories.get(category_id)
    if found is None:
        raise click.ClickException(f"“{site_id}” has no category “{category_id}”.")
    show([_category_row(found)], as_json=as_json, one=True)


@category.command("remove")
@click.argument("site_id", metavar="SITE")
@click.argument("category_id", metavar="ID")
@with_records
async def category_remove(records: Records, site_id: str, category_id: str) -> None:
    """Remove a category. The categories directly below it then have no parent."""
    found = await site_of(records, site_id)
    if category_id not in found.categories:
        raise click.ClickException(f"“{site_id}” has no category “{category_id}”.")
    left = {
        key: replace(each, parent=None) if each.parent == category_id else each
        for key, each in found.categories.items()
        if key != category_id
    }
    changed = replace(found, categories=left)
    await _store(records, "category.remove", found, changed, category_id)


async def _store(records: Records, action: AuditAction, before: Site, after: Site, category: str) -> None:
    """Store a change of one category with its audit entries.

    If the change removes the category with its opening hours, the hours have an audit entry of their own.
    """
    subject = f"site/{after.id}/{category}"
    entries = of_site(before, after)
    audit = audit_of(replace(each, action=action, subject=subject) if each.action == "site.save" else each for each in entries)
    await records.save_site(after, audit=audit)
