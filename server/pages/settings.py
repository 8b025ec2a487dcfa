"""Settings: devices and codes for the next one, how lists are made, what is learned, the feed and the digest."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from server.api.authentication import caller
from server.api.requests import context
from server.clock import rfc3339
from server.errors import Invalid, RateLimited
from server.pages import cookies, sliders
from server.pages.blueprint import Pages, error_page
from server.pages.forms import field
from server.pages.languages import chosen
from server.pages.languages import gettext as _
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
        every=_every(),
        states=_states(),
        feed_url=f"{request.host_url}feeds/{profile['feed_secret']}.atom",
        **more,
    )
    return make_response(page)


def _every() -> dict[str, str]:
    return {"off": _("off"), "daily": _("daily"), "weekly": _("weekly")}


def _states() -> dict[str, str]:
    """Return what becomes of the digest, where there is something to say."""
    return {
        "no_mail": _("This server sends no mail; its operator can set that up."),
        "unconfirmed": _("The address is not confirmed. Press Apply to have a new link mailed to it."),
        "waiting": _("A link that confirms the address is on its way to it."),
        "asked": _("A link was mailed to the address; the digest begins once it is opened."),
        "confirmed": _("The address is confirmed."),
    }


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


@pages.post("/settings/digest")
def change_digest() -> AnyResponse:
    """Change where the digest goes and how often, in the language of this page."""
    digest = {"email": field("email", 300) or None, "every": request.form.get("every"), "language": chosen()}
    try:
        account.change_settings(context(), caller(), {"digest": digest})
    except Invalid:
        return error_page(422, _("A digest needs an e-mail address, such as ada@example.org; nothing was changed."))
    except RateLimited as error:
        response = error_page(429, _("Too many links were mailed lately; try again later. Nothing was changed."))
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    return redirect(with_notice("/settings", "settings", [], 1) + "#digest", 303)
