"""Filters for the figures of the catalogue."""

import re
from collections.abc import Mapping
from typing import Any

from django import template
from django.forms import BoundField
from django.urls import reverse
from django.utils.html import format_html_join

from programs.queries.writing import Help, issuer

register = template.Library()

SECTIONS = {"public": ("public", "공개 자료"), "assumption": ("assumptions", "운영 기준")}


@register.filter
def origin(value: str | None) -> str:
    """Return links to the source of a figure: 원문 12행, 공개 자료, 운영 기준; other text as it is."""
    if not value:
        return ""
    if value.startswith("source "):
        links = [(mark, f"원문 {mark[1:]}행") for mark in re.findall(r"S\d+", value)]
    elif value in SECTIONS:
        links = [SECTIONS[value]]
    else:
        return value
    page = reverse("sources")
    return format_html_join(", ", '<a href="{}#{}">{}</a>', [(page, *link) for link in links])


@register.inclusion_tag("programs/catalogue/_writing.html")
def writing_help(helps: Mapping[str, Help], field: BoundField) -> dict[str, object]:
    """Render what stands beside a field of a form, nothing where it has no help."""
    return {
        "help": helps.get(field.name),
        "target": field.id_for_label,
        "length": len(str(field.value() or "")),
    }


@register.inclusion_tag("programs/catalogue/_issuer.html")
def issued_at(document: str) -> dict[str, object]:
    """Render where the paper of a required document is issued."""
    return {"place": issuer(document)}


@register.filter
def item(values: Mapping[str, Any] | None, name: str) -> Any:
    return (values or {}).get(name, "")
