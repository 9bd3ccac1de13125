"""Names as text in XML, HTML and DOT, whatever they hold."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

# What XML 1.0 allows, section 2.2, less the control characters that HTML refuses.
_REFUSED = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def legal(text: str) -> str:
    r"""Return a text with the characters that XML refuses written as `\u0007`."""
    return _REFUSED.sub(_code, text)


def escaped(text: object) -> str:
    """Return a text for an element or a quoted attribute of XML or HTML."""
    quotes = {'"': "&quot;", "'": "&#39;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
    return escape(legal(str(text)), quotes)


def dot_quoted(text: str) -> str:
    """Return a quoted id of DOT; a backslash before the closing quote would undo it."""
    visible = _UNPRINTABLE.sub(_code, text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{visible}"'


def _code(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
