"""How components are rendered: their template, and the check of their options."""

from collections.abc import Collection

from django import template
from django.template.loader import get_template
from django.utils.formats import localize
from django.utils.safestring import SafeString, mark_safe


def one_of(tag: str, option: str, value: object, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise template.TemplateSyntaxError(
            f"{tag}: {option}={value!r}; allowed: {', '.join(allowed)}"
        )


def render(component: str, /, **context: object) -> SafeString:
    return mark_safe(get_template(f"components/{component}.html").render(context))  # noqa: S308


def shown(value: object) -> object:
    """Return a value as `{{ value }}` of a template shows it: numbers and dates in Korean form."""
    return value if isinstance(value, str) else localize(value)


def read(item: object, name: str) -> object:
    return item.get(name) if isinstance(item, dict) else getattr(item, name, None)
