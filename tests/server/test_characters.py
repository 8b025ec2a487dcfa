"""What cannot be shown is left out, and all the rest of a text stays."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import unicodedata
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from server.characters import for_terminal, for_xml, one_line

ROOT = Path(__file__).parents[2]
ORDERS = {
    "colours": ("\x1b[31mred\x1b[0m", "[31mred[0m"),
    "a window's title": ("\x1b]0;owned\x07me", "]0;ownedme"),
    "in one byte": ("\x9b2Jgone", "2Jgone"),
    "back over the line": ("safe\rEVIL\b\b", "safe EVIL"),
    "another line": ("a\nreader 42  since now", "a reader 42 since now"),
    "a line of another kind": ("a\u2028b\u2029c\x85d\vf\fe", "a b c d f e"),
    "the other way round": ("\u202egnp.exe\u2066x\u2069\u200f", "gnp.exex"),
    "nothing at all": ("\x00\x7f\ufeff\ufffe\uffff", ""),
}


@pytest.mark.parametrize("kind", ORDERS)
def test_a_terminal_is_given_no_orders(kind: str) -> None:
    sent, shown = ORDERS[kind]
    assert one_line(sent) == shown


@pytest.mark.parametrize(
    "text", ["Ünïcode “quoted”", "機械学習", "שלום עולם", "نماذج", "👩‍🔬 क्ष", "tabs\tstay\nand lines"]
)
def test_text_is_left_as_it_is(text: str) -> None:
    assert for_terminal(text) == text
    assert for_xml(text) == text


@given(st.text(st.characters(exclude_categories=())))
def test_whatever_is_sent_a_terminal_gets_nothing_to_obey(text: str) -> None:
    shown = one_line(text)
    assert not [letter for letter in shown if unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not [letter for letter in shown if unicodedata.bidirectional(letter) in {"LRO", "RLO", "LRI", "RLI", "FSI"}]
    shown.encode()


@given(st.text(st.characters(exclude_categories=())))
def test_whatever_is_sent_an_xml_document_stays_one(text: str) -> None:
    element = Xml.Element("x")
    element.text = for_xml(text)
    read = ElementTree.fromstring(Xml.tostring(element)).text or ""
    assert read == for_xml(text).replace("\r\n", "\n").replace("\r", "\n")
    assert len(read) >= sum(letter.isalnum() for letter in text)


@pytest.mark.parametrize("letter", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_hold(letter: str) -> None:
    assert for_xml(f"a{letter}b") == "ab"


def test_a_log_on_a_terminal_shows_strangers_words_and_obeys_none() -> None:
    told = r"""
import logging
from server.logs import configure_logging
configure_logging()
logging.getLogger("x").warning("from outside: %s", "\x1b]0;owned\x07title\nINFO forged")
logging.getLogger("x").warning("with more", extra={"reason": "\x9b2Jcleared \u202eback"})
try:
    raise RuntimeError("a fault with \x1b[2J in it")
except RuntimeError:
    logging.getLogger("x").exception("it failed")
"""
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", told], stderr=theirs, cwd=ROOT, env={**os.environ, "NO_COLOR": "1"}):
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # how a terminal without a writer ends on Linux
            pass
    os.close(ours)
    text = shown.decode()
    assert "]0;ownedtitle INFO forged" in text
    assert "2Jcleared back" in text
    assert "a fault with [2J in it" in text
    assert not [letter for letter in ("\x07", "\x1b]", "\x1b[2J", "\x9b", "\u202e") if letter in text]
