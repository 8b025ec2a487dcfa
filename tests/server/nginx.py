"""A real nginx in front of a server, as a process of the tests' own."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server.inkling_process import until

# Debian keeps it where only root's PATH looks.
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
MISSING = "no nginx on this machine (Debian: nginx-light)"


@contextmanager
def running(folder: Path, upstream: str, *lines: str, upstreams: str = "") -> Iterator[str]:
    """Give the address of an nginx that passes everything on to `upstream`, with these lines beside `proxy_pass`.

    `upstreams` is what its configuration says of a group of servers that `upstream` names.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = "".join(
        f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(f"""
        daemon off; pid {folder / "pid"}; error_log {folder / "error.log"}; worker_processes 1;
        events {{}}
        http {{
            access_log off; {kept} {upstreams}
            server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {upstream}; {" ".join(lines)} }} }}
        }}
    """)
    command = [str(PROGRAM), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command)
    try:
        assert until(lambda: answers(port) or process.poll() is not None, 10), "nginx does not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def answers(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0
