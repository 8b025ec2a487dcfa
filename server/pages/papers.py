"""A paper: what is known of it, what is like it, and what the reader did with it."""

from __future__ import annotations

from flask import make_response, redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

from server.api.authentication import caller
from server.api.requests import context
from server.errors import BadPaperId, PaperNotFound
from server.pages import logged
from server.pages.blueprint import Pages
from server.paper_ids import canonical
from server.services import account, library, papers, ranking
from server.services.library import LibraryFilter

pages = Pages("papers")
SIMILAR = 8
EVENTS = 20


@pages.get("/papers/<path:paper_id>")
def show(paper_id: str) -> AnyResponse:
    """Show a paper."""
    try:
        name = canonical(paper_id)
    except BadPaperId as error:
        raise PaperNotFound(error.message) from error
    if name != paper_id:
        return redirect(f"/papers/{name}", 303)
    now, reader_id = context().now(), caller().reader_id
    paper = papers.find_paper(context(), reader_id, name)
    saved = library.page(context(), reader_id, 1, None, LibraryFilter(ids=[name]))
    states = ranking.states(context(), caller())
    page = render_template(
        "pages/paper.html",
        paper=paper,
        entry=saved[0][1] if saved else None,
        state=states.get(name),
        states=states,
        kinds=logged.kinds(),
        similar=ranking.similar(context(), caller(), name, SIMILAR, now),
        events=[one for _, one in account.logged_events(context(), reader_id, EVENTS, None, paper=name)],
    )
    return make_response(page)
