"""The template library `portal`, built in to every template: all filters and components.

A component's markup is the pattern beside its tag, or `templates/components/<tag>.html`. A wrong option raises
TemplateSyntaxError with the allowed values, so that a typing error never reaches a reader.
"""

from portal.templatetags import (  # noqa: F401 - each registers its tags when imported
    blocks,
    browsers,
    charts,
    components,
    dates,
    forms,
    progress,
    scanning,
    values,
)
from portal.templatetags.library import library

register = library
