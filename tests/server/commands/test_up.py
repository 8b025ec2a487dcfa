"""`inkling up` as an operator meets it: real processes, real Valkey, real kills."""

from __future__ import annotations

import http.client
import os
import random
import re
import signal
import socket
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import chain

import pytest
from sqlalchemy import text

from server.config import Settings
from server.store import readers
from server.store.database import Database
from tests.server.conftest import At
from tests.server.inkling_process import Up, call, inkling, log_open, logged, members, pair, run, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc to see what is left running"),
]


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    with Up(tmp_path_factory.mktemp("ink") / "home") as found:
        yield found


@pytest.fixture(scope="module")
def token(up):
    return pair(up.url)


def checks(up):
    status, body = call(up.url, "/readyz")
    assert status == 200, body
    return {name: check["status"] for name, check in body["checks"].items()}


def test_it_says_where_it_is_and_what_to_do_next(up):
    told = up.log.read_text()
    state = up.state()
    assert state["pid"] == up.process.pid
    assert f"Inkling is running at {up.url}" in told
    assert re.search(rf"^     {up.url}/pair#[0-9A-Z-]{{10,}}$", told, re.MULTILINE)
    assert "chrome://extensions" in told
    assert "about:debugging" in told
    assert "service install" in told


def test_the_commands_it_prints_run_as_they_are_and_mean_this_server(tmp_path):
    home = tmp_path / 'it\'s a "home" $HOME'
    run("migrate", home=home)
    with closing(Database.at(Settings.from_environment({}, home=home))) as database, database.writing() as session:
        for _ in range(2):
            readers.create(session, 1.0)
    _, keywords = inkling(home=home)
    own = {name: text for name, text in keywords["env"].items() if not name.startswith(("INKLING_", "PYTHONPATH"))}

    def shell(line):
        environ = {**own, "HOME": str(tmp_path)}
        ran = subprocess.run(["sh", "-c", line], env=environ, cwd="/", capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    with Up(home) as up:
        assert until(lambda: "Ctrl-C ends it" in up.log.read_text(), 20)
        printed = re.findall(r"^ +(.* (?:pair|devices|service install) .*)$", up.log.read_text(), re.MULTILINE)
        pairing, listing, install = map(str, printed)
        assert shell(pairing).startswith(f"{up.url}/pair#")
        assert shell(listing).count("reader ") == 2
        unit = shell(f"{install} --print")
        assert f'"INKLING_PORT={up.url.rpartition(":")[2]}"' in unit
        assert '"INKLING_OFFLINE=on"' in unit
        assert str(home).replace('"', '\\"') in unit
    assert {path.name for path in tmp_path.iterdir()} == {home.name, up.log.name}


def test_nobody_gets_in_but_by_the_printed_link_which_makes_the_operator_once(tmp_path):
    with Up(tmp_path / "home", INKLING_REGISTRATION="") as up:
        assert call(up.url, "/v1/devices", {"name": "a browser"})[0] == 403
        told = up.log.read_text()
        assert "It is for a new reader, the operator of this server." in told
        code = re.search(r"/pair#([0-9A-Z-]+)", told)[1]
        made = [call(up.url, "/v1/devices", {"name": f"browser {number}", "code": code}) for number in range(2)]
        assert [status for status, _ in made] == [201, 403]
        assert call(up.url, "/v1/me", token=made[0][1]["token"])[1]["operator"] is True
    with Up(tmp_path / "home", INKLING_REGISTRATION="") as again:
        told = again.log.read_text()
        assert f"next browser of reader {made[0][1]['reader_id']} (so far: browser 0)" in told
        code = re.search(r"/pair#([0-9A-Z-]+)", told)[1]
        _, second = call(again.url, "/v1/devices", {"name": "browser 2", "code": code})
        assert second["reader_id"] == made[0][1]["reader_id"]


def test_everything_is_in_one_process_group(up):
    assert set(up.children()) == {"Valkey", "API", "trainer"}
    assert set(up.children().values()) | {up.process.pid} <= up.group()


def test_a_second_start_says_where_the_first_is_and_ends_with_3(up):
    second = run("up", home=up.home)
    assert second.returncode == 3
    assert up.url in second.stdout


def test_a_pairing_link_names_the_port_in_use(up):
    assert run("pair", "--new", home=up.home).stdout.startswith(f"{up.url}/pair#")


def test_the_api_answers_without_valkey_and_says_so(up, token):
    assert checks(up)["redis"] == "ok"
    frozen = up.children()["Valkey"]
    os.kill(frozen, signal.SIGSTOP)
    try:
        assert checks(up)["redis"] == "degraded"
        assert log_open(up.url, token, "2401.00007") in logged(up.url, token)
    finally:
        os.kill(frozen, signal.SIGKILL)
    assert until(lambda: up.children().get("Valkey", frozen) != frozen, 10)
    assert until(lambda: checks(up)["redis"] == "ok", 10)


def test_a_killed_api_comes_back_and_its_workers_do_not_outlive_it(up, token):
    old = up.children()["API"]
    workers = up.group() - set(up.children().values()) - {up.process.pid}
    os.kill(old, signal.SIGKILL)
    assert until(lambda: up.children().get("API", old) != old, 15)
    assert until(lambda: not workers & members(up.process.pid), 15)

    def answers():
        try:
            return call(up.url, "/healthz")[0] == 200
        except OSError:
            return False

    assert until(answers, 30)
    assert log_open(up.url, token, "2401.00008") in logged(up.url, token)


def test_an_acknowledged_event_survives_a_kill_of_everything_and_ctrl_c_reaches_all(tmp_path):
    up = Up(tmp_path / "home")
    token = pair(up.url)
    event = log_open(up.url, token, "2401.00001")
    up.kill_group()
    again = Up(tmp_path / "home")
    assert logged(again.url, token) == [event]
    os.killpg(again.process.pid, signal.SIGINT)
    assert again.process.wait(30) == 0
    assert until(lambda: not again.group(), 5)
    assert "Traceback" not in again.log.read_text()


def test_no_acknowledged_event_is_lost_or_doubled_by_a_kill_under_a_storm(tmp_path):
    """Batches of several senders share commits; each event is sent by two of them, half of them to each worker."""
    up = Up(tmp_path / "home", INKLING_WORKERS="2", INKLING_RATE_LIMIT="off")
    url, token = up.url, pair(up.url)
    accepted = [[] for _ in range(8)]

    def send(sender):
        chance = random.Random(sender // 2)  # two senders send the same
        while True:
            ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(5)]
            events = [{"id": name, "kind": "open", "paper": "2401.00001", "at": "2026-11-20T08:15:00Z"} for name in ids]
            try:
                status, body = call(url, "/v1/events", {"events": events}, token)
            except (OSError, http.client.HTTPException):
                return
            assert status == 200, body
            accepted[sender] += [result["id"] for result in body["results"] if result["status"] == "accepted"]

    with ThreadPoolExecutor(8) as senders:
        ended = [senders.submit(send, sender) for sender in range(8)]
        assert until(lambda: sum(map(len, accepted)) > 300 or any(one.done() for one in ended), 60)
        up.kill_group()
    assert [one.exception() for one in ended] == [None] * 8
    acknowledged = list(chain.from_iterable(accepted))
    with Database.at(At(f"sqlite:///{tmp_path / 'home' / 'inkling.sqlite3'}")).reading() as session:
        logged_ids = [name for (name,) in session.execute(text("SELECT id FROM events"))]
        [(opens,)] = session.execute(text("SELECT opens FROM reader_papers"))
    assert len(set(acknowledged)) == len(acknowledged) > 300, "accepted twice"
    assert set(acknowledged) <= set(logged_ids), "acknowledged and lost"
    assert opens == len(logged_ids) == len(set(logged_ids)), "a state without its event, or the other way round"


def test_nothing_survives_a_killed_supervisor_and_the_next_start_is_clean(tmp_path):
    home = tmp_path / ("a-long-name-" * 9)  # too long for a socket inside
    up = Up(home)
    os.kill(up.process.pid, signal.SIGKILL)
    up.process.wait()
    # At once, while what was left behind is still ending.
    again = Up(home)
    assert until(lambda: not up.group(), 15)
    assert checks(again)["redis"] == "ok"
    assert again.end() == 0
    assert until(lambda: not again.group(), 5)
    assert again.state() is None


def test_it_may_be_told_to_end_while_it_starts(tmp_path):
    argv, keywords = inkling("up", "--port", "0", home=tmp_path / "home")
    with subprocess.Popen(argv, **keywords, start_new_session=True, stdout=subprocess.DEVNULL) as process:
        assert until((tmp_path / "home" / "run" / "children.json").exists, 20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert until(lambda: not members(process.pid), 5)


def test_a_taken_port_is_told_with_who_has_it(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = run("up", "--port", str(port), home=tmp_path / "home")
    assert told.returncode == 4
    assert f"port {port} is taken by process {os.getpid()} (" in told.stderr


def test_a_wrong_setting_is_told_in_plain_words(tmp_path):
    told = run("up", home=tmp_path / "home", INKLING_TRAIN_EVERY="soon")
    assert told.returncode == 2
    assert "INKLING_TRAIN_EVERY: must be a length of time" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_balancer_is_told_before_requests_are_refused(tmp_path):
    with Up(tmp_path / "home", INKLING_DRAIN="5") as up:
        url = up.url
        up.process.send_signal(signal.SIGTERM)
        assert until(lambda: call(url, "/readyz")[0] == 503, 4), "it never said that it is stopping"
        assert call(url, "/v1/papers/2401.00001", token=None)[0] == 401, "requests are still answered"
        assert up.end() == 0
    with Up(tmp_path / "home") as again:
        assert call(again.url, "/readyz")[0] == 200
