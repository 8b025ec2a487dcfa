"""Measures one part in a process of its own and prints its rows as JSON lines: `python -m tests.bench.part NAME SCALE`.

So a part's peak of memory is its own, and one that the kernel ends does not take the others along.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from pathlib import Path

from tests.bench.rows import Scale, measured


def main() -> None:
    name, scale, *real = sys.argv[1:]
    part = importlib.import_module(f"tests.bench.{name}").rows
    for row in measured(name, part, Scale(scale, Path(real[0]) if real else None)):
        fields = dataclasses.asdict(row) | {"ours": list(row.ours), "theirs": list(row.theirs)}
        print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    main()
