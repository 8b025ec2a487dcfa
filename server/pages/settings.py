"""Settings: devices and codes for the next one, how lists are made, what is learned, and the feed."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from server.api.authentication import caller
from server.api.requests import context
from server.clock import rfc3339
from server.pages import cookies, sliders
from server.pages.blueprint import Pages
from server.pages.forms import field
from server.pages.notices import with_notice
from server.services import account, pairing

pages = Pages("settings")


@pages.get("/settings")
def show() -> Response:
    """Show the settings."""
    return _page()


def _page(**more: Any) -> Response:
    profile = account.profile(context(), caller())
    page = render_template(
        "pages/settings.html",
        devices=pairing.list_devices(context(), caller(), context().now()),
        profile=profile,
        sliders=sliders.sliders(profile),
        feed_url=f"{request.host_url}feeds/{profile['feed_secret']}.atom",
        **more,
    )
    return make_response(page)


@pages.post("/settings/code")
def make_code() -> Response:
    """Make a code for the reader's next device; it is on this one answer and nowhere else."""
    made = pairing.code_by_reader(context(), caller(), "me", context().now())
    link = pairing.link(request.host_url, made.code)
    return _page(code={"code": made.code, "link": link, "expires_at": rfc3339(made.expires_at)})


@pages.post("/settings/revoke")
def revoke() -> AnyResponse:
    """Revoke a device or a session; this one's own session ends with it."""
    device_id = field("id", 100)
    pairing.revoke(context(), caller().reader_id, device_id)
    if device_id != caller().device_id:
        return redirect(with_notice("/settings", "revoke", [], 1), 303)
    response = redirect("/session", 303)
    cookies.drop_session(response)
    return response


@pages.post("/settings/feed")
def renew_feed() -> AnyResponse:
    """Give the feed a new address; the old one ends."""
    account.change_settings(context(), caller(), {"renew_feed": True})
    return redirect(with_notice("/settings", "renew-feed", [], 1) + "#feed-address", 303)


@pages.post("/settings/lists")
def change_lists() -> AnyResponse:
    """Change how the reader's lists are made and what is learned from them; a box that is not ticked is not sent."""
    changes = {
        "personal": "not_personal" not in request.form,
        "learn_for_others": "learn_not" not in request.form,
        **sliders.read(request.form),
    }
    account.change_settings(context(), caller(), changes)
    return redirect(with_notice("/settings", "settings", [], 1), 303)
