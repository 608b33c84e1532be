"""Hancom scripts: every document carries an empty one, only one that does something is refused."""

import re

# Strings first, so that "//" inside a string is not read as a comment. A string that does not end is
# taken too: otherwise every mark in it would be tried as a beginning, which is quadratic.
_COMMENT = re.compile(
    r'("(?:\\.|[^"\\\n\r])*+"?|\'(?:\\.|[^\'\\\n\r])*+\'?)|//[^\r\n\u2028\u2029]*+|/\*.*?(?:\*/|\Z)',
    re.DOTALL,
)
_DECLARATION = re.compile(
    r"var\s++\w++\s*+=\s*+(?:XHwpDocuments|Documents\.Active_XHwpDocument"
    r'|Document\.XHwpForm\w++\.ItemFromName\("[^"\\\r\n]*+"\))\s*+;?'
)
_EMPTY_FUNCTION = re.compile(
    r"function\s++\w++\s*+\(\s*+(?:\w++\s*+(?:,\s*+\w++\s*+)*+)?\)\s*+\{\s*+\}\s*+;?"
)


def is_idle(code: str) -> bool:
    """Tell whether a script only declares the document and empty handlers, as Hancom writes it."""
    if "@" in code:  # JScript runs code inside comments that carry an @
        return False
    bare = _COMMENT.sub(lambda found: found[1] or " ", code)
    rest = _EMPTY_FUNCTION.sub(" ", _DECLARATION.sub(" ", bare))
    return not rest.strip(" \t\r\n\x00\ufeff;")
