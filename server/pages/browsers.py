"""What to call a session: the browser and the system, as far as a User-Agent tells."""

from __future__ import annotations

# The first that fits counts: most browsers also name those they resemble.
BROWSERS = (
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def session_name(agent: str) -> str:
    """Return a name such as "Web pages in Firefox on Linux"."""
    browser = _first(BROWSERS, agent) or "a browser"
    system = _first(SYSTEMS, agent)
    return f"Web pages in {browser}{f' on {system}' if system else ''}"


def _first(table: tuple[tuple[str, str], ...], agent: str) -> str | None:
    return next((name for sign, name in table if sign in agent), None)
