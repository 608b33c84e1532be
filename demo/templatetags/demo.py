"""Template tags of the demo."""

from django import template

from demo import seeding

register = template.Library()


@register.simple_tag
def seeding_progress() -> seeding.Progress | None:
    """Return the progress while the demo's data are being made, None afterwards."""
    progress = seeding.progress()
    return progress if progress and not progress.finished else None
