"""A real Chromium with the extension loaded unpacked, on stand-in pages that count as public."""

from __future__ import annotations

import json
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright, Worker
from playwright.sync_api import Error as BrowserError

EXTENSION = Path(__file__).parents[2] / "extension"
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
    "--disable-quic",
    "--disable-gpu",
)


def executable() -> str | None:
    """Return the Chromium of this machine."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Chromium:
    """One profile of one browser; `restart` keeps the profile."""

    def __init__(
        self,
        playwright: Playwright,
        profile: Path,
        https_port: int,
        *,
        extension: Path | None = EXTENSION,
        **options: Any,
    ):
        self._playwright, self._profile, self._port = playwright, profile, https_port
        self._extension, self._options = extension, options
        self.console: list[str] = []
        self.context = self._launch()

    def _launch(self) -> BrowserContext:
        hosts = ("huggingface.co", "arxiv.org", "www.arxiv.org", "cdn-thumbnails.huggingface.co")
        arguments = [
            *QUIET,
            "--ignore-certificate-errors",
            "--host-resolver-rules=" + ", ".join(f"MAP {host} 127.0.0.1:{self._port}" for host in hosts),
            # A host mapped to loopback counts as loopback; the real one is public, and more is forbidden there.
            f"--ip-address-space-overrides=127.0.0.1:{self._port}=public",
        ]
        if self._extension:
            arguments += [f"--disable-extensions-except={self._extension}", f"--load-extension={self._extension}"]
        context = self._playwright.chromium.launch_persistent_context(
            self._profile,
            executable_path=executable(),
            args=arguments,
            ignore_https_errors=True,
            **{"viewport": {"width": 1366, "height": 900}, **self._options},
        )
        context.on("console", lambda message: self._hear(message.type, message.text))
        context.on("weberror", lambda error: self._hear("error", str(error.error)))
        return context

    def _hear(self, kind: str, text: str) -> None:
        # The pages' own requests for pictures and the like that are not there say nothing of us.
        if kind in {"error", "warning"} and "Failed to load resource" not in text:
            self.console.append(f"{kind}: {text}")

    def page(self, address: str = "https://huggingface.co/papers") -> Page:
        """Open a page in a new tab, hydrated."""
        page = self.context.new_page()
        visit(page, address)
        return page

    def worker(self) -> Worker:
        """Return the extension's service worker, waking it where it sleeps."""
        workers = self.context.service_workers
        return workers[0] if workers else self.context.wait_for_event("serviceworker", timeout=20_000)

    def own(self, path: str) -> Page:
        """Open a page of the extension itself."""
        page = self.context.new_page()
        page.goto(f"chrome-extension://{self.worker().url.split('/')[2]}/{path}")
        return page

    def stored(self, *keys: str) -> dict[str, Any]:
        """Return what the extension keeps."""
        return dict(self.worker().evaluate("keys => chrome.storage.local.get(keys)", list(keys)))

    def store(self, **items: Any) -> None:
        """Write into the extension's storage from outside, as a check or a policy would."""
        self.worker().evaluate("items => chrome.storage.local.set(items)", items)

    def grant(self, origins: list[str], permissions: list[str]) -> None:
        """Restart with optional permissions granted, the real extension unchanged.

        No driver can press the browser's own prompt, and no flag or policy answers it. So what Chromium writes into the
        profile once a reader has said yes is written there; asked for again, it is then allowed without a prompt.
        """
        extension = self.worker().url.split("/")[2]
        self.close()
        file = self._profile / "Default" / "Preferences"
        kept = json.loads(file.read_text())
        for name in ("active_permissions", "granted_permissions"):
            allowed = kept["extensions"]["settings"][extension][name]
            allowed["api"] = sorted({*allowed["api"], *permissions})
            allowed["explicit_host"] = sorted({*allowed["explicit_host"], *origins})
        file.write_text(json.dumps(kept))
        self.context = self._launch()

    def restart(self) -> None:
        """Close the browser and start it again on the same profile."""
        # Killed a moment ago, it may not be known to be gone yet.
        with suppress(BrowserError):
            self.close()
        self.context = self._launch()

    def processes(self, having: str = "") -> list[int]:
        """Return the ids of this profile's processes, of all or of those with a word on their command line."""
        found = []
        for process in Path("/proc").iterdir():
            with suppress(OSError):
                words = (process / "cmdline").read_text() if process.name.isdigit() else ""
                if str(self._profile) in words and having in words:
                    found.append(int(process.name))
        return found

    def kill(self) -> None:
        """Kill all its processes at once, as a power cut would; `restart` brings it back. Any thread may ask."""
        _kill(self.processes())

    def kill_worker(self) -> None:
        """Kill the process that the extension's worker runs in. Any thread may ask."""
        _kill(self.processes("--extension-process"))

    def stop_worker(self, page: Page) -> None:
        """End the extension's worker as the browser does when it has been idle; `page` is any that is open."""
        tools = self.context.new_cdp_session(page)
        tools.send("ServiceWorker.enable")
        tools.send("ServiceWorker.stopAllWorkers")
        tools.detach()

    def close(self) -> None:
        self.context.close()


def _kill(processes: list[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def visit(page: Page, address: str) -> None:
    """Go to an address and wait until its framework is done."""
    page.goto(address)
    if "huggingface" in address:
        page.wait_for_selector("body[data-hydrated]", state="attached", timeout=30_000)


def until_state(page: Page, state: str, timeout: float = 20_000) -> None:
    """Wait until the extension says how it stands on this page."""
    page.wait_for_function(
        "state => document.documentElement.dataset.inklingState === state", arg=state, timeout=timeout
    )


def shown(page: Page) -> list[str]:
    """Return the ids of the page's cards as the eye meets them: by rows, then by columns."""
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll('[data-target="DailyPapers"] article')]
                 .map((card) => ({
                   box: card.getBoundingClientRect(),
                   id: card.querySelector('h3 a[href]').getAttribute('href').split('/papers/')[1],
                 }))
                 .sort((a, b) => Math.round(a.box.top - b.box.top) || a.box.left - b.box.left).map(({id}) => id)"""
        )
    )
