"""A browser under an operator's policy: the steps of extension/README.md, followed word for word.

Other tests run beside with the same browsers, and none of them must see the policy. So each browser has its own:
Firefox from a folder of links to its program with a `distribution` of its own, Chromium in a mount namespace in which
another folder lies over /etc/chromium. Nothing is written outside the test's folder.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright

from tests.e2e import chromium, firefox
from tests.e2e.chromium import Chromium
from tests.e2e.conftest import eventually
from tests.e2e.firefox import Firefox
from tests.e2e.tabs import ChromiumTab, FirefoxTab, Tab

ROOT = Path(__file__).parents[2]
README = ROOT / "extension" / "README.md"
VERSION = json.loads((ROOT / "extension" / "manifest.json").read_text())["version"]
LATER = f"{VERSION}.1"
OPTIONS = "src/options/options.html"
ETC = Path("/etc/chromium")
# The version of an update that the browser has found and loaded.
LOADED = """async () => {
  const loaded = new Promise((tell) => chrome.runtime.onUpdateAvailable.addListener(({version}) => tell(version)));
  const {status} = await chrome.runtime.requestUpdateCheck();
  return status === 'update_available' ? loaded : status;
}"""
# An ordinary browser under test fetches nothing by itself.
FETCHES_NOTHING = "--disable-background-networking"


@dataclass
class Lab:
    """A tab on the welcome page that the installation has opened; `rule` leaves in other sites and starts anew."""

    tab: Tab
    own: str
    rule: Callable[[list[str]], Tab]


def words(browser: str, language: str, **ours: str) -> str:
    """Return the README's block for a browser, with ours in the place of its examples."""
    section = README.read_text().split(f"### By policy, in {browser}\n")[1].split("\n#")[0]
    (block,) = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    examples = {"lab": "https://lab.example", "server": "https://inkling.lab.example", "id": "ID", "version": "VERSION"}
    for name, word in ours.items():
        assert examples[name] in block, f"the README no longer says {examples[name]}"
        block = block.replace(examples[name], word)
    return str(block)


@contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """Serve a folder's files, as an operator's web server does."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def linked_firefox(folder: Path) -> Path:
    """Return a Firefox whose folder `distribution` is its own; all else in it is this machine's."""
    if firefox.executable() is None:
        pytest.skip("no Firefox on this machine (Debian: apt-get install firefox-esr)")
    program = Path(str(firefox.executable())).resolve()
    (folder / "distribution").mkdir(parents=True)
    for one in program.parent.iterdir():
        if one.name != "distribution" and one.resolve() != program:
            (folder / one.name).symlink_to(one.resolve())
    # It looks for its folder where it really lies.
    return Path(shutil.copy(program, folder))


@contextmanager
def firefox_lab(folder: Path, port: int, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """Firefox, with the unsigned file installed by policy."""
    program = linked_firefox(folder / "firefox")
    monkeypatch.setattr(firefox, "executable", lambda: str(program))
    # The policy alone is to let the unsigned file in.
    usual, signed = firefox._preferences, "xpinstall.signatures.required"
    monkeypatch.setattr(firefox, "_preferences", lambda *ports: {k: v for k, v in usual(*ports).items() if k != signed})
    with hosted(firefox.packed(folder).parent) as lab:
        policy = json.loads(words("Firefox", "json", version=VERSION, lab=lab, server=server))

        def write(sites: list[str]) -> None:
            policy["policies"]["3rdparty"]["Extensions"][firefox.ADDON]["sites"] = sites
            (program.parent / "distribution" / "policies.json").write_text(json.dumps(policy))

        def rule(sites: list[str]) -> Tab:
            write(sites)
            browser.restart()
            return FirefoxTab(browser)

        write(["huggingface"])
        browser = Firefox(folder / "run" / "profile", port, extension=None)
        try:
            tab = FirefoxTab(browser)
            eventually(lambda: on_welcome(tab), wanted=True)
            yield Lab(tab, browser.driver.get_url().split("src/")[0], rule)
        finally:
            browser.close()


def on_welcome(tab: FirefoxTab) -> bool:
    """Go to the tab that the installation has opened, if it is there."""
    for handle in tab.driver.window_handles:
        tab.page = handle
        tab.driver.switch_to_window(handle)
        if "welcome" in tab.driver.get_url():
            return True
    return False


def chromium_in(folder: Path) -> Path:
    """Return a Chromium for which another folder lies over /etc/chromium: `folder`/etc."""
    if not ETC.is_dir():
        pytest.skip("no /etc/chromium: this is not Debian's Chromium")
    shutil.copytree(ETC, folder / "etc")
    (folder / "etc" / "policies" / "managed").mkdir(parents=True, exist_ok=True)
    mount = f"mount --bind {folder / 'etc'} {ETC}"
    # A namespace of its own for users too is for who is not root.
    for apart in ("unshare --mount", "unshare --mount --map-root-user"):
        if subprocess.run([*apart.split(), "sh", "-c", mount], check=False, capture_output=True).returncode == 0:
            break
    else:
        pytest.skip("no mount namespaces here: every Chromium of this machine would see the policy")
    wrapper = folder / "chromium"
    command = f"{mount} && exec {chromium.executable()}"
    wrapper.write_text(f"""#!/bin/sh\nexec {apart} sh -c '{command} "$@"' - "$@"\n""")
    wrapper.chmod(0o755)
    return wrapper


class Signed:
    """The packed file, signed by the README's own lines and hosted with its `updates.xml`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        subprocess.run([sys.executable, ROOT / "deploy" / "package-extension", folder], check=True, capture_output=True)
        self.id = self.sign("")

    def sign(self, key: str) -> str:
        """Follow the README and return the id that its last line prints."""
        lines = words("Chromium", "sh", version=VERSION)
        # What any browser under test is told, and a key where there is one.
        told = f"{chromium.executable()} --headless --no-sandbox --user-data-dir={self.folder}/packer {key}"
        lines = lines.replace("chromium --", f"{told} --").replace("unzip ", "unzip -nq ")
        done = subprocess.run(["sh", "-ec", lines], cwd=self.folder, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()[-32:]

    def host(self, lab: str, version: str) -> None:
        updates = words("Chromium", "xml", id=self.id, lab=lab, version=version)
        (self.folder / "updates.xml").write_text(updates)

    def renew(self, lab: str) -> None:
        """Host a later version, signed with the same key."""
        manifest = self.folder / "inkling" / "manifest.json"
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "version": LATER}))
        assert self.sign("--pack-extension-key=inkling.pem") == self.id
        self.host(lab, LATER)


@contextmanager
def chromium_lab(
    folder: Path, port: int, server: str, monkeypatch: pytest.MonkeyPatch, playwright: Playwright
) -> Iterator[Lab]:
    """Chromium, with the file that the operator signed and hosts installed by policy."""
    file, program = Signed(folder / "web"), chromium_in(folder)
    monkeypatch.setattr(chromium, "executable", lambda: str(program))
    monkeypatch.setattr(chromium, "QUIET", tuple(one for one in chromium.QUIET if one != FETCHES_NOTHING))
    with hosted(file.folder) as lab:
        file.host(lab, VERSION)
        policy: dict[str, Any] = json.loads(words("Chromium", "json", id=file.id, lab=lab, server=server))
        # Without this no driver sees what a policy has installed.
        policy["DeveloperToolsAvailability"] = 1

        def write(sites: list[str]) -> None:
            policy["3rdparty"]["extensions"][file.id]["sites"] = sites
            (folder / "etc" / "policies" / "managed" / "inkling.json").write_text(json.dumps(policy))

        def rule(sites: list[str]) -> Tab:
            write(sites)
            file.renew(lab)
            update(browser)
            return ChromiumTab(browser)

        write(["huggingface"])
        options = {"ignore_default_args": [FETCHES_NOTHING, "--disable-extensions"]}
        browser = Chromium(playwright, folder / "profile", port, extension=None, **options)
        try:
            tab = ChromiumTab(browser)
            with browser.context.expect_page(lambda page: "welcome" in page.url, timeout=30_000) as welcome:
                pass
            tab.page = welcome.value
            yield Lab(tab, tab.page.url.split("src/")[0], rule)
        finally:
            browser.close()


def update(browser: Chromium) -> None:
    """A later version is found by the browser itself, and runs from its next start on."""
    loaded = browser.own(OPTIONS).evaluate(LOADED)
    assert loaded == LATER
    browser.restart()
    options = browser.own(OPTIONS)
    eventually(lambda: options.locator("#version").inner_text(), f"Inkling for papers {LATER}")
