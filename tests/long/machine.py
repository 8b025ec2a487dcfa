"""What a report says of where it was made."""

from __future__ import annotations

import os
import subprocess


def revision() -> str:
    """Return the commit that was measured."""
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def described(before: float) -> str:
    """Return the machine's cores, and its load at the start and now."""
    return (
        f"load of the machine ({os.cpu_count()} cores) {before:.1f} at the start, {os.getloadavg()[0]:.1f} at the end"
    )
