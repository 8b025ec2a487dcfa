"""Serves the stand-in pages over HTTPS for huggingface.co and arxiv.org, and the listing's API over plain HTTP.

``python tests/pages/server.py`` prints the ports and serves until Ctrl-C, for looking at the pages by hand.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import ssl
import subprocess
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache" / "pages"
HOSTS = ("huggingface.co", "arxiv.org", "www.arxiv.org", "cdn-thumbnails.huggingface.co", "export.arxiv.org")


def certificate() -> tuple[Path, Path]:
    """Make (once) a self-signed certificate for the stand-in hosts; answer its file and its key's."""
    CACHE.mkdir(parents=True, exist_ok=True)
    cert, key = CACHE / "cert.pem", CACHE / "key.pem"
    if not cert.exists():
        names = ",".join(f"DNS:{host}" for host in HOSTS)
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert),
                *("-days", "3650", "-subj", "/CN=huggingface.co", "-addext", f"subjectAltName={names}"),
            ],
            check=True,
            capture_output=True,
        )
    return cert, key


class Renderer:
    """The Node process that renders pages; one request at a time."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise RuntimeError("node is not installed: the stand-in pages are rendered by it (apt-get install nodejs)")
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [node, HERE / "renderer.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, request: dict) -> dict:
        with self._lock:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                "the page renderer ended; run `node tests/pages/build.mjs` and `npm ci` in tests/ to see why"
            )
        return json.loads(line)

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        self._process.terminate()
        self._process.wait(10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _send(self, status: int, body: bytes, content_type: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.end_headers()
            self.wfile.write(body)

    def do_GET(self) -> None:
        host = (self.headers.get("Host") or HOSTS[0]).split(":")[0]
        host = host if host in HOSTS else HOSTS[0]
        pages, path = self.server.pages, urlsplit(self.path).path
        pages.requests.append((self.command, host, self.path))
        if path.startswith("/front/"):
            return self._send_file(path)
        if path.endswith(".png"):
            return self._send(200, _thumbnail(path), "image/svg+xml")
        answer = pages.renderer.ask({"url": f"https://{host}{self.path}"})
        headers = {"Location": answer["location"]} if "location" in answer else {}
        if pages.csp:
            headers["Content_Security_Policy"] = pages.csp
        # Before all else in the page, so that it sees the page's very first frame.
        script = f"<head><script>{pages.script}</script>" if pages.script else "<head>"
        body = answer["body"].replace("<head>", script, 1)
        self._send(answer["status"], body.encode(), answer.get("type", "text/html; charset=utf-8"), **headers)
        return None

    def _send_file(self, path: str) -> None:
        name = path.rsplit("/", 1)[-1]
        file = (CACHE if path.startswith("/front/build/") else HERE) / name
        if file.suffix not in {".mjs", ".css"} or not file.exists():
            return self._send(404, b"", "text/plain")
        kind = "text/javascript" if file.suffix == ".mjs" else "text/css"
        return self._send(200, file.read_bytes(), kind)

    def _act(self) -> None:
        """A press of the page's own upvote."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.pages.requests.append((self.command, self.headers.get("Host") or "", self.path))
        self._send(200, b"{}", "application/json")

    do_POST = do_DELETE = _act  # noqa: N815 - the names http.server looks for


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    pages: PagesServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that closes a connection half-way is no news."""


def _thumbnail(path: str) -> bytes:
    """A drawing of its own for each paper, so that the pages look like a listing."""
    hue = int(hashlib.sha256(path.encode()).hexdigest()[:4], 16) % 360
    bars = "".join(
        f'<rect x="{40 + 60 * n}" y="{150 - (hue * (n + 3)) % 90}" width="36" height="120" rx="6"/>' for n in range(6)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 440 220">'
        f'<rect width="440" height="220" fill="hsl({hue} 45% 88%)"/>'
        f'<g fill="hsl({hue} 40% 62%)">{bars}</g></svg>'
    ).encode()


class PagesServer:
    """Both servers; ``https_port`` for browsers, ``api_url`` for a source that asks the listing's API."""

    def __init__(self, *, csp: str = "") -> None:
        self.renderer = Renderer()
        self.requests: list[tuple[str, str, str]] = []
        self.csp = csp
        self.script = ""  # what a test watches pages with
        self._servers = [_Server(("127.0.0.1", 0), _Handler) for _ in range(2)]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate())
        # The handshake must not be made by the accepting thread: one stalled client would stop every other.
        self._servers[0].socket = context.wrap_socket(
            self._servers[0].socket, server_side=True, do_handshake_on_connect=False
        )
        for server in self._servers:
            server.pages = self
            threading.Thread(target=server.serve_forever, daemon=True).start()
        self.https_port, http_port = (server.server_address[1] for server in self._servers)
        self.api_url = f"http://127.0.0.1:{http_port}"
        self.set()

    def set(self, *, cards: dict[str, list[dict]] | None = None, **knobs: object) -> None:
        """Choose what later pages are made of: knobs (tests/pages/README.md), cards by listing path (`*`: any)."""
        self.renderer.ask({"knobs": knobs, "cards": cards or {}})

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self.renderer.close()


def main() -> None:
    pages = PagesServer()
    print(
        f"https://127.0.0.1:{pages.https_port}/papers  (map huggingface.co and arxiv.org to it)\n{pages.api_url}/papers"
    )
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
    pages.close()


if __name__ == "__main__":
    main()
