"""What a session is called."""

from __future__ import annotations

import pytest

from server.pages.browsers import session_name

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CASES = [
    (f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
    (f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0", "Edge on Windows"),
    (f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36", "Chrome on Windows"),
    (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.0 Safari/605.1.15", "Safari on macOS"),
    (f"{MOZILLA} (Linux; Android 15; Pixel 9) {WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
    (f"{MOZILLA} (iPhone; CPU iPhone OS 18_0 like Mac OS X) {WEBKIT} Version/18.0 Safari/604.1", "Safari on iPhone"),
    ("curl/8.5.0", "a browser"),
    ("", "a browser"),
    ("<b>Chrome/</b>" * 1000, "Chrome"),
]


@pytest.mark.parametrize(("agent", "told"), CASES)
def test_a_session_is_named_by_browser_and_system(agent: str, told: str) -> None:
    assert session_name(agent) == f"Web pages in {told}"
