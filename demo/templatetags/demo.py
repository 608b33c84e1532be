"""Template tags of the demo."""

from django import template

from demo import story

register = template.Library()


@register.simple_tag
def story_progress() -> story.Progress | None:
    """Return how far the demo's data are while they are being made, None afterwards."""
    progress = story.progress()
    return progress if progress and not progress.finished else None
