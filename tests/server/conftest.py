"""A real application on a real database, SQLite and PostgreSQL alike; only the network is closed."""

from __future__ import annotations

import functools
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from apispec import APISpec
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from server.api.blueprint import Blueprint
from server.app import create_app
from server.config import Settings
from server.services.serving_context import ServingContext
from server.store.database import Database, engine_for, migrate
from server.store.tables import metadata
from tests.server.postgres import find_binaries, running_server

LOOPBACK = "http://127.0.0.1:8765"


@dataclass(frozen=True)
class At:
    """An address of a database, as the settings have one."""

    database_url: str


@pytest.fixture(scope="session", autouse=True)
def _quiet_logs() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated, empty SQLite file to copy: a migration takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "inkling.sqlite3"
    engine = engine_for(At(f"sqlite:///{path}"))
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def _openapi(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Describe the API once: the document is the same for every application and takes longer than most tests."""
    settings = Settings.from_environment(
        {}, home=tmp_path_factory.mktemp("openapi"), database_url=f"sqlite:///{sqlite_template}", offline=True
    )
    app = create_app(settings)
    document = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    app.extensions["inkling"].close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Blueprint, "register_views_in_doc", lambda *_, **__: None)
        patch.setattr(APISpec, "to_dict", lambda _: document)
        yield


@pytest.fixture(scope="session", autouse=True)
def _certificates() -> Iterator[None]:
    """Read the certificate authorities once: most tests of sources open a client, none of them uses TLS."""
    make = httpx._transports.default.create_ssl_context

    @functools.lru_cache
    def make_once(file: str | None, folder: str | None, **keywords: Any) -> Any:
        return make(**keywords)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            httpx._transports.default,
            "create_ssl_context",
            lambda **keywords: make_once(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"), **keywords),
        )
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    if find_binaries() is None:
        pytest.skip("no PostgreSQL server binary (initdb, postgres) on this machine")
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_engine(postgres_server: str) -> Iterator[Engine]:
    engine = engine_for(At(postgres_server))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database with the schema, on each kind of server in turn."""
    if request.param == "sqlite":
        path = tmp_path / "inkling.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    with request.getfixturevalue("postgres_engine").begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return str(request.getfixturevalue("postgres_server"))


# For tests of what happens before a database is asked.
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.at(At(database_url))
    yield database
    database.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings.from_environment(
        {}, home=tmp_path / "home", database_url=database_url, rate_limit=False, offline=True, registration="first"
    )


@pytest.fixture
def app(settings: Settings, _openapi: None) -> Iterator[Flask]:
    app = create_app(settings)
    yield app
    app.extensions["inkling"].close()


@pytest.fixture
def context(app: Flask) -> ServingContext:
    found = app.extensions["inkling"]
    assert isinstance(found, ServingContext)
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


class Device:
    """A paired browser that speaks to the application."""

    def __init__(self, client: FlaskClient, token: str, reader_id: str, device_id: str) -> None:
        self.client, self.token, self.reader_id, self.id = client, token, reader_id, device_id

    def call(self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None) -> TestResponse:
        given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        # Read to its end: an answer that is sent piece by piece keeps a connection of the database until then.
        return self.client.open(path, method=method, json=json, headers=given, base_url=LOOPBACK, buffered=True)

    def get(self, path: str) -> TestResponse:
        return self.call("GET", path)

    def post(self, path: str, json: Any) -> TestResponse:
        return self.call("POST", path, json)

    def log(self, *events: dict[str, Any], papers: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
        answer = self.post("/v1/events", {"events": list(events), "papers": papers or []})
        assert answer.status_code == 200, answer.json
        results: list[dict[str, Any]] = answer.json["results"]
        return results

    def rank(self, *cards: dict[str, Any], limit: int = 10) -> dict[str, Any]:
        answer = self.post("/v1/rank", {"papers": list(cards), "limit": limit})
        assert answer.status_code == 200, answer.json
        found: dict[str, Any] = answer.json
        return found


def pair(client: FlaskClient, **body: Any) -> Device:
    answer = client.post("/v1/devices", json={"name": "a browser", **body}, base_url=LOOPBACK)
    assert answer.status_code == 201, answer.json
    return Device(client, answer.json["token"], answer.json["reader_id"], answer.json["device_id"])


@pytest.fixture
def me(client: FlaskClient) -> Device:
    """The first reader, who is the operator."""
    return pair(client)


@pytest.fixture
def other(client: FlaskClient, me: Device) -> Device:
    """A second reader."""
    return pair(client, code=me.post("/v1/pairing-codes", {"reader": "new"}).json["code"])


def event(
    kind: str = "open", paper: str = "2401.00001", at: str = "2026-11-20T08:15:00Z", **more: Any
) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "kind": kind, "paper": paper, "at": at, **more}


def card(number: int = 1, **more: Any) -> dict[str, Any]:
    """A card of an invented paper; those with the same remainder by three are about the same thing."""
    about = ["attention in transformers", "diffusion of heat images", "graphs of proteins"][number % 3]
    text = {"title": f"On {about}, part {number}", "abstract": f"We study {about} and what it is good for. " * 3}
    return {"id": f"2401.{number:05d}", **text, "published_at": "2026-11-19T00:00:00Z", "upvotes": number, **more}
