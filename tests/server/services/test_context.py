"""A process that serves nothing must not pay for what serving needs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"numpy", "scipy", "implicit", "recommender", "flask"}


def test_the_context_brings_neither_the_recommender_nor_flask() -> None:
    code = "import sys, server.services.context; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "sqlalchemy" in loaded
    assert not HEAVY & set(loaded)
