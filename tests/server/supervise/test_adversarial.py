"""A sample of the attacks in `tests/long/adversarial`, on a real server: another one with every kind."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.long.adversarial.__main__ import KINDS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc to see what the server uses"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_of_each_kind_breaks_nothing(kind: str, tmp_path: Path) -> None:
    tried = list(KINDS[kind].members(True, random.Random(f"{kind} 1"), tmp_path))
    assert len(tried) > 3
    assert [(one.name, one.broke) for one in tried if one.broke] == []
