"""Devices: pairing a browser, listing devices and revoking one."""

from __future__ import annotations

from typing import Any

from flask import request

from server.api.authentication import caller
from server.api.blueprint import Blueprint
from server.api.client_address import client_address, from_this_machine
from server.api.requests import context, json_object, limit
from server.api.schemas.devices import (
    Code,
    CodeBody,
    DeviceBody,
    Devices,
    Link,
    LinkBody,
    NewDevice,
    Whose,
    WhoseBody,
)
from server.clock import rfc3339
from server.errors import Invalid
from server.services import pairing, sessions
from server.services.parsing import read_optional_text

registration = Blueprint("registration", __name__, open_to_all=True, description="Pairing a browser.")
blueprint = Blueprint("devices", __name__, description="My browsers.")


@registration.before_request
def _slow_down() -> None:
    """Limit attempts before their bodies are read, so that guessing codes is slow."""
    limit(f"register:{client_address()}", "30/minute")


@registration.route("/v1/devices", methods=["POST"])
@registration.arguments(DeviceBody)
@registration.response(201, NewDevice)
def register(body: dict[str, Any]) -> pairing.NewDevice:
    """Pair this browser, with a code or where the server lets the first reader in."""
    settings = context().settings
    return pairing.register(
        context(),
        body["name"],
        body.get("code"),
        registration=settings.registration,
        local=from_this_machine(),
        now=context().now(),
    )


@registration.route("/v1/pairing-codes/whose", methods=["POST"])
@registration.arguments(WhoseBody)
@registration.response(200, Whose)
def whose(body: dict[str, Any]) -> pairing.Recipient:
    """Say whom a code is for, before it is used; a wrong code costs an attempt."""
    return pairing.find_recipient(context(), body["code"], context().now())


@blueprint.route("/v1/devices")
@blueprint.response(200, Devices)
def list_devices() -> dict[str, Any]:
    """List my devices, newest first."""
    return {"items": pairing.list_devices(context(), caller(), context().now()), "next": None}


@blueprint.route("/v1/devices/<string:device_id>", methods=["DELETE"])
@blueprint.response(204)
def revoke(device_id: str) -> None:
    """Revoke a device's token, this device's too."""
    pairing.revoke(context(), caller().reader_id, device_id)


@blueprint.route("/v1/pairing-codes", methods=["POST"])
@blueprint.arguments(CodeBody)
@blueprint.response(201, Code)
def make_code(body: dict[str, Any]) -> dict[str, Any]:
    """Make a code for my next device, or (operators only) for a new reader."""
    made = pairing.code_by_reader(context(), caller(), body["reader"], context().now())
    link = pairing.link(request.host_url, made.code)
    return {"code": made.code, "expires_at": rfc3339(made.expires_at), "link": link}


@blueprint.route("/v1/session-links", methods=["POST"])
@blueprint.doc(requestBody={"required": False, "content": {"application/json": {"schema": LinkBody}}})
@blueprint.response(201, Link)
def make_link() -> dict[str, Any]:
    """Make a link that signs a browser in to my pages, once, within a minute; `page` says where it leads."""
    body = json_object() if request.content_length or request.mimetype else {}
    page = read_optional_text(body.get("page"), "page", 100)
    if page is not None and not sessions.is_page(page):
        raise Invalid(f"Must be papers/ID or one of {', '.join(sessions.PAGES)}.", field="page")
    made = sessions.new_link(context(), caller().reader_id, context().now(), device_id=caller().device_id)
    url = sessions.address(request.host_url, made.code, page)
    return {"url": url, "expires_at": rfc3339(made.expires_at)}
