"""In a process of its own, for what is left out of collections stays so."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc
from server import app
spared = []
app.Gateway = lambda flask, **more: spared.append((gc.get_freeze_count(), len(gc.get_objects()), flask))
app.rsgi()
(frozen, others, flask), = spared
assert frozen > 20 * others, (frozen, others)
ring = []
ring.append(ring)
del ring
assert gc.collect() >= 1
flask.extensions["inkling"].close()
"""


def test_a_worker_leaves_what_it_made_at_its_start_out_of_collections(tmp_path):
    environ = {"INKLING_HOME": str(tmp_path), "INKLING_OFFLINE": "on", "PATH": ""}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
