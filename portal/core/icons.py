"""The drawings of the portal, as SVG without words: a text must accompany each."""

from collections.abc import Mapping

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_PATHS = {
    "circle": '<circle cx="12" cy="12" r="8" fill="none"/>',
    "dot": '<circle cx="12" cy="12" r="9" fill="none"/><circle cx="12" cy="12" r="4"/>',
    "check": '<path d="M4 12.5l5.5 5.5L20 6.5" fill="none"/>',
    "alert": '<path d="M12 3L22.5 21h-21z" fill="none"/><path d="M12 10v5M12 17.5v1"/>',
    "cross": '<path d="M5 5l14 14M19 5L5 19" fill="none"/>',
    "info": '<circle cx="12" cy="12" r="10" fill="none"/><path d="M12 11v6M12 6.5v1.5"/>',
    "arrow": '<path d="M4 12h15M13 6l6 6-6 6" fill="none"/>',
    "file": '<path d="M6 2.5h8l4.5 4.5v14.5H6zM14 2.5V7h4.5" fill="none"/>',
    "lock": '<path d="M5 11h14v10H5zM8 11V7a4 4 0 018 0v4" fill="none"/>',
    "clock": '<circle cx="12" cy="12" r="9.5" fill="none"/><path d="M12 6v6.5l4 2.5" fill="none"/>',
}

ICONS: Mapping[str, SafeString] = {
    name: format_html(
        '<svg class="icon" viewBox="0 0 24 24" fill="currentColor" stroke="currentColor" '
        'stroke-width="2.5" aria-hidden="true" focusable="false">{}</svg>',
        mark_safe(path),  # noqa: S308
    )
    for name, path in _PATHS.items()
}
