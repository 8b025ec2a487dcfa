"""A real Spark standalone cluster: one master and two workers, on loopback."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


def why_not() -> str | None:
    """Return why there can be no cluster on this machine, or None."""
    if shutil.which("java") is None:
        return "no Java on this machine (Debian: default-jre-headless)"
    missing = [name for name in ("pyspark", "pyarrow", "pandas") if importlib.util.find_spec(name) is None]
    return (
        f"without {', '.join(missing)} (tests/run installs requirements-spark.lock where there is Java)"
        if missing
        else None
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[str]:
    """Give the address of a master with so many workers of one core each."""
    import pyspark

    home = Path(pyspark.__file__).parent
    port = free_port()
    master = f"spark://127.0.0.1:{port}"
    env = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    # Else the user's own settings and start-up scripts would count.
    env |= {"SPARK_CONF_DIR": str(folder), "SPARK_WORKER_DIR": str(folder / "work"), "SPARK_DAEMON_MEMORY": "256m"}
    deploy = "org.apache.spark.deploy"
    asked = [("--host", "127.0.0.1", "--port", str(port), "--webui-port", str(free_port()))]
    commands = [[f"{deploy}.master.Master", *asked[0]]]
    for _ in range(workers):
        place = ("--host", "127.0.0.1", "--webui-port", str(free_port()))
        commands.append([f"{deploy}.worker.Worker", "--cores", "1", "--memory", "1g", *place, master])
    log_path = folder / "spark.log"
    with ExitStack() as stack:
        log = stack.enter_context(open(log_path, "ab"))
        for command in commands:
            process = subprocess.Popen([str(home / "bin" / "spark-class"), *command], env=env, stdout=log, stderr=log)
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        deadline = time.monotonic() + 120
        while log_path.read_text(errors="replace").count("Successfully registered with master") < workers:
            assert time.monotonic() < deadline, log_path.read_text(errors="replace")[-3000:]
            time.sleep(0.2)
        yield master


def end_java() -> None:
    """End the Java process behind Spark's sessions in this process.

    What is left of them would be freed one by one over its socket, in the midst of whatever test runs by then.
    """
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is None:
        return
    gc.collect()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(30)
    SparkContext._gateway = SparkContext._jvm = None
