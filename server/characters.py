"""Characters that a format cannot hold. Text is stored as it was sent, and cleaned on its way out."""

from __future__ import annotations

import re

# XML 1.0, 2.2: no control characters but three, no surrogates, and neither U+FFFE nor U+FFFF.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What a terminal acts on instead of showing it: control characters, changes of writing direction, halves of surrogate
# pairs; and U+FFFE and U+FFFF, which are no characters. Joiners stay: scripts need them.
_ORDERS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff"
_NOT_TERMINAL = re.compile(f"[{_ORDERS}]")
_SPACE = re.compile(r"\s+")


def for_xml(text: str) -> str:
    """Return the text without what an XML document cannot hold."""
    return _NOT_XML.sub("", text)


def for_terminal(text: str) -> str:
    """Return the text without what a terminal would act on; tabs and line ends stay."""
    return _NOT_TERMINAL.sub("", text)


def one_line(text: str) -> str:
    """Return text on one line, safe for a terminal."""
    return for_terminal(_SPACE.sub(" ", text)).strip()
