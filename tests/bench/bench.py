"""Measures speed, each thing beside its peer or its limit in the same run: `tests/bench/run [--quick] [PART …]`.

A whole run writes `tests/bench/RESULTS.md` and its plots; one of some parts or a `--quick` one (ten minutes at most)
prints its table, and writes it where `--out` says. No bar is asserted and nothing fails: the machines are shared, so a
row that misses its goal or cannot be measured says so in the table.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import results
from tests.bench.homes import KEPT_VARIABLE
from tests.bench.results import Measured
from tests.bench.rows import Row

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "shared/data"
PARTS = {
    "ranking": "Ranking: our own code's time",
    "load": "Whole requests, alone and under load",
    "events": "Events",
    "freshness": "A new event and a new model until they count",
    "ingestion": "Taking in and vectorising abstracts",
    "neighbours": "Nearest papers by their words",
    "training": "A retrain",
    "memory": "Memory, start and a day of new papers",
    "search": "Search",
    "extension": "The extension in the page",
}
QUICK_SECONDS = 570.0  # of a whole quick run; a part may take what the parts before it left


def main() -> None:
    options = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    options.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)}")
    options.add_argument("--quick", action="store_true", help="small sizes, ten minutes at most")
    options.add_argument("--tiny", action="store_true", help="sizes that measure nothing: does it run at all?")
    options.add_argument("--real", type=Path, default=DATA, help="the folder with the real data")
    options.add_argument("--out", type=Path, help="the folder to write RESULTS.md and the plots into")
    asked = options.parse_args()
    if unknown := set(asked.parts) - PARTS.keys():
        options.error(f"no such part: {', '.join(sorted(unknown))}")
    scale = "tiny" if asked.tiny else "quick" if asked.quick else "full"
    real = asked.real if asked.real.is_dir() else None
    run(asked.parts or list(PARTS), scale, real, asked.out or (HERE if scale == "full" and not asked.parts else None))


def run(names: list[str], scale: str, real: Path | None, out: Path | None) -> None:
    """Measure some parts one after the other and print each one's table; write all so far, as a run takes long."""
    ends, measured = time.monotonic() + QUICK_SECONDS, []
    with tempfile.TemporaryDirectory(prefix="inkling-bench-homes-") as kept:
        os.environ[KEPT_VARIABLE] = kept
        for at, name in enumerate(names):
            left = (ends - time.monotonic()) / (len(names) - at) * 2 if scale == "quick" else None
            part = measure(name, scale, real, left)
            print("\n".join(results.body([part])), flush=True)
            measured.append(part)
            if out:
                results.write(out, measured, scale)


def measure(name: str, scale: str, real: Path | None, seconds: float | None) -> Measured:
    """Measure one part in a process group of its own, which is ended after so many seconds."""
    part = Measured(name, PARTS[name], os.getloadavg()[0])
    began = time.monotonic()
    if not (HERE / f"{name}.py").exists():
        part.rows.append(Row(part.title, note="not measured: there is no such module yet"))
        return part
    command = [sys.executable, "-W", "ignore", "-m", "tests.bench.part", name, scale, *([str(real)] if real else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    ending = ""
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        ending = f"it took more than the {seconds:.0f} s that were left"
    if process.returncode and not ending:
        ending = f"its process ended with {process.returncode}; -9 is the kernel's, most likely for its memory"
    part.rows = [Row(**json.loads(row)) for row in output.splitlines() if row.startswith("{")]
    part.rows += [Row("the rest of this part", note=f"not measured: {ending}")] if ending else []
    part.seconds = time.monotonic() - began
    return part


if __name__ == "__main__":
    main()
