"""A real Firefox with the extension loaded as a temporary add-on, driven over Marionette, on stand-in pages."""

from __future__ import annotations

import base64
import json
import re
import shutil
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    # Its dependencies were written for older Pythons.
    warnings.simplefilter("ignore")
    from marionette_driver import By, Wait
    from marionette_driver.addons import Addons
    from marionette_driver.marionette import Marionette

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "extension"
ADDON = "inkling@inkling.example"
CONTROL = "\ue009"
# What the browser's own parts say has a name before it (`console.error: Loader:`).
COMPLAINT = re.compile(
    r"console\.(?:error|warn): (?!\w+: *$)|JavaScript (?:error|warning): (?!resource:|chrome:|moz-src:)"
)


STOP = """const [id, done] = arguments, {extension} = WebExtensionPolicy.getByID(id);
  extension.terminateBackground({ignoreDevToolsAttached: true}).then(() => done(extension.backgroundState));"""


def executable() -> str | None:
    """Return the Firefox of this machine."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


def _preferences(marionette_port: int, https_port: int) -> dict[str, Any]:
    return {
        "marionette.port": marionette_port,
        "network.dns.forceResolve": "127.0.0.1",
        "network.socket.forcePort": f"443={https_port}",
        "network.proxy.type": 0,
        "network.trr.mode": 5,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "browser.download.folderList": 2,
        "browser.startup.page": 0,
        "datareporting.policy.dataSubmissionEnabled": False,
        "toolkit.telemetry.server": "",
        "services.settings.server": "http://127.0.0.1:1/",
        "app.update.enabled": False,
        "extensions.update.enabled": False,
        # What pages and extensions say in the console is read from the log; what the browser says of itself is not.
        "browser.dom.window.dump.enabled": True,
        "devtools.console.stdout.content": True,
        "devtools.console.stdout.chrome": False,
        # A test presses no toolbar button, but asks for what the button opens.
        "extensions.openPopupWithoutUserGesture.enabled": True,
        # A permission the extension asks for after a press is granted; the prompt itself cannot be pressed.
        "extensions.webextOptionalPermissionPrompts": False,
        # An ESR may be told to install what is not signed: so the packed file is tried as people will have it.
        "xpinstall.signatures.required": False,
        # What a temporary add-on stores outlives it, so that a restart can be tested.
        "extensions.webextensions.keepStorageOnUninstall": True,
        "extensions.webextensions.keepUuidOnUninstall": True,
    }


def packed(folder: Path) -> Path:
    """Return the extension as one file, as an operator has it signed and gives it to people."""
    command = [sys.executable, ROOT / "deploy" / "package-extension", folder]
    subprocess.run(command, check=True, capture_output=True)
    (file,) = folder.glob("*-firefox.zip")
    return file


class Firefox:
    """One profile of one browser; `restart` keeps the profile.

    A folder is loaded as a temporary add-on, which is gone with the browser; a packed file is installed and stays.
    """

    def __init__(self, profile: Path, https_port: int, *, extension: Path | None = EXTENSION) -> None:
        self._profile, self._https_port, self._extension = profile, https_port, extension
        self._is_new = True
        self.downloads = profile.parent / "downloads"
        self._log, self._heard = profile.parent / "firefox.log", 0
        profile.mkdir(parents=True)
        self._start()

    def _start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        preferences = {**_preferences(port, self._https_port), "browser.download.dir": str(self.downloads)}
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in preferences.items())
        (self._profile / "user.js").write_text("".join(lines))
        command = [executable(), "--headless", "--marionette", "--remote-allow-system-access", "--no-remote"]
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [*command, "--profile", self._profile, "about:blank"], stdout=log, stderr=log
            )
        self._await_port(port)
        self.driver = Marionette(host="127.0.0.1", port=port, socket_timeout=90)
        self.driver.start_session({"acceptInsecureCerts": True})
        if self._extension and (self._is_new or self._extension.is_dir()):
            Addons(self.driver).install(str(self._extension), temp=self._extension.is_dir())
        self._is_new = False

    def _await_port(self, port: int) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.3)
        raise RuntimeError("Firefox did not open its Marionette port within 60 s")

    def visit(self, address: str) -> None:
        """Go to an address; on a listing, wait until its framework is done."""
        self.driver.navigate(address)
        if "huggingface.co" in address:
            self.until("return document.body && document.body.hasAttribute('data-hydrated')")

    def until_state(self, state: str) -> None:
        """Wait until the extension says how it stands on this page."""
        self.until("return document.documentElement.dataset.inklingState === arguments[0]", state)

    def until(self, script: str, *arguments: Any, seconds: float = 30) -> None:
        """Wait until a script in the page answers true."""
        Wait(self.driver, timeout=seconds, interval=0.2).until(
            lambda driver: driver.execute_script(script, list(arguments))
        )

    def own(self, path: str) -> None:
        """Open a page of the extension itself."""
        with self.driver.using_context("chrome"):
            host = self.driver.execute_script(
                "return WebExtensionPolicy.getByID(arguments[0]).mozExtensionHostname", [ADDON]
            )
        self.driver.navigate(f"moz-extension://{host}/{path}")

    def wipe(self) -> None:
        """Take the extension back to what it is right after its installation, in one tab."""
        first, *others = self.driver.window_handles
        for other in others:
            self.driver.switch_to_window(other)
            self.driver.close()
        self.driver.switch_to_window(first)
        self.own("src/options/options.html")
        self.driver.execute_async_script(
            """const [done] = arguments, {local, session} = window.wrappedJSObject.chrome.storage;
               local.clear().then(() => session.clear()).then(() => done());"""
        )
        self.complaints()

    def stop_worker(self) -> None:
        """End the extension's background page as the browser does when it has been idle."""
        # An event that came meanwhile has started it again.
        for _ in range(5):
            with self.driver.using_context("chrome"):
                state = self.driver.execute_async_script(STOP, [ADDON])
            if state == "stopped":
                return
        raise AssertionError(state)

    def find(self, selector: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def inside(self, host: str, selector: str) -> Any:
        """Find an element inside a shadow root."""
        return self.find(host).shadow_root.find_element(By.CSS_SELECTOR, selector)

    def point(self, element: Any, button: int | None = None, *, control: bool = False) -> None:
        """Move the mouse to an element and press a button there, with the control key or without."""
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", [element])
        origin = {"element-6066-11e4-a52e-4f735466cecf": element.id}
        mouse: list[dict[str, Any]] = [{"type": "pointerMove", "origin": origin, "x": 0, "y": 0}]
        if button is not None:
            mouse += [{"type": "pointerDown", "button": button}, {"type": "pointerUp", "button": button}]
        actions: list[dict[str, Any]] = [
            {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": mouse}
        ]
        if control:
            pauses = [{"type": "pause"}] * len(mouse)
            mouse.insert(0, {"type": "pause"})
            keys = [{"type": "keyDown", "value": CONTROL}, *pauses, {"type": "keyUp", "value": CONTROL}]
            actions.insert(0, {"type": "key", "id": "keys", "actions": keys})
        self.driver._send_message("WebDriver:PerformActions", {"actions": actions})
        self.driver._send_message("WebDriver:ReleaseActions", {})

    def complaints(self) -> list[str]:
        """Return what pages and extensions complained of in the console since this was last asked."""
        with open(self._log, "rb") as log:
            log.seek(self._heard)
            lines = log.read().decode(errors="replace").splitlines()
            self._heard = log.tell()
        return [line for line in lines if COMPLAINT.match(line)]

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.driver.screenshot(full=False)))

    def kill(self) -> None:
        """Kill the browser at once, as a power cut would; `restart` brings it back."""
        self._process.kill()
        self._process.wait(30)

    def restart(self) -> None:
        """Close the browser, unless it was killed, and start it again on the same profile."""
        if self._process.poll() is None:
            self.close()
        self._start()

    def close(self) -> None:
        self.driver.delete_session()
        self._process.terminate()
        self._process.wait(30)
