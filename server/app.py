"""The application factory: wires the rooms, decides nothing."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from server import __version__, garbage
from server.api import (
    account,
    answers,
    client_address,
    client_version,
    cors,
    devices,
    docs,
    errors,
    events,
    feeds,
    gateway,
    health,
    library,
    pairing_page,
    papers,
    ranking,
    reports,
    seeds,
    telemetry,
)
from server.api.blueprint import Api
from server.api.gateway import Gateway
from server.api.requests import MAX_BODY
from server.config import Settings
from server.demo import pages as demo
from server.logs import configure_logging
from server.pages import actions, digest, interests, ledger, sign_in, to_read
from server.pages import blueprint as reader_pages
from server.pages import library as library_page
from server.pages import papers as paper_page
from server.pages import search as search_page
from server.pages import seeds as seeds_page
from server.pages import settings as settings_page
from server.services.serving_context import ServingContext

BLUEPRINTS = (
    health.blueprint,
    devices.registration,
    devices.blueprint,
    events.blueprint,
    ranking.blueprint,
    papers.blueprint,
    library.blueprint,
    account.blueprint,
    reports.blueprint,
    seeds.blueprint,
    feeds.blueprint,
)
PAGES = (
    sign_in.pages,
    to_read.pages,
    library_page.pages,
    paper_page.pages,
    search_page.pages,
    interests.pages,
    seeds_page.pages,
    ledger.pages,
    settings_page.pages,
    actions.pages,
    digest.pages,
)
THREADS = 4  # per process; requests wait for the database, not only for Python
_OPENAPI = {
    "API_TITLE": "Inkling",
    "API_VERSION": __version__,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
}


def create_app(settings: Settings) -> Flask:
    """Return the application for these settings."""
    app = Flask("server", static_folder=None)
    app.config.update(_OPENAPI, MAX_CONTENT_LENGTH=MAX_BODY, PROPAGATE_EXCEPTIONS=False)
    answers.install(app)
    # Two slashes in a row are a mistake of the client: 404 instead of an HTML redirect.
    app.url_map.merge_slashes = False
    app.extensions["inkling"] = ServingContext.of(settings)
    telemetry.install(app)
    cors.install(app, settings.cors_origins)
    gateway.install(app)
    client_address.install(app)
    client_version.install(app)
    api = Api(app)
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    errors.install(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    docs.install(app, api)
    app.register_blueprint(pairing_page.pages)
    reader_pages.install(app)
    for page in PAGES:
        app.register_blueprint(page)
    if settings.demo:
        app.register_blueprint(demo.pages)
    trust_proxies(app, settings.trusted_proxies)
    return app


def trust_proxies(app: Flask, count: int) -> None:
    """Believe the X-Forwarded headers of the last `count` proxies."""
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_port=count)  # type: ignore[method-assign]


def rsgi() -> Gateway:
    """Return the application of a worker process, with settings from the environment."""
    configure_logging()
    settings = Settings.from_environment()
    app = create_app(settings)
    telemetry.share_metrics(app, settings.metrics_dir)
    app.extensions["inkling"].model_cache.keep_fresh()
    garbage.spare_what_stays()
    return Gateway(app, threads=THREADS, body_seconds=settings.body_seconds)
