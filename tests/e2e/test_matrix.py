"""Each kind of listing page, as it may come, in real Chromium and real Firefox: read whole, shown, never disturbed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e import matrix
from tests.e2e.conftest import Server
from tests.e2e.matrix import ALL, CONTROLS, DRIFTS, LATEST, ORDERED, Case, pairs, sample
from tests.e2e.tabs import Tab
from tests.pages.server import PagesServer

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]


@pytest.fixture(scope="module")
def server(shared_server: Server, pages: PagesServer) -> Server:
    pages.set(today=matrix.TODAY)
    shared_server.ingest(today=matrix.TODAY)
    return shared_server


@pytest.fixture(scope="module")
def tab(any_tab: Tab, server: Server) -> Tab:
    any_tab.keep(serverUrl=server.url, token=server.token)
    return any_tab


@pytest.fixture
def strict_policy(pages: PagesServer) -> Iterator[None]:
    """Pages allow no style but their own files, and no script but theirs."""
    pages.csp = (
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self'; img-src * data:; connect-src 'self'"
    )
    yield
    pages.csp = ""


def test_in_the_sample_any_two_values_of_any_two_columns_meet() -> None:
    met = set().union(*(pairs(case) for case in sample()))
    assert met == set().union(*map(pairs, ALL))


@pytest.mark.parametrize("case", [*sample(), LATEST[0]], ids=str)
def test_a_page_is_read_and_shown(tab: Tab, pages: PagesServer, case: Case) -> None:
    matrix.check(tab, pages, case)


def test_a_strict_policy_of_the_page_takes_nothing_away(tab: Tab, pages: PagesServer, strict_policy: None) -> None:
    matrix.check(tab, pages, Case("daily", "2026", "ok", "out", 300))
    dressed = """const papers = document.querySelector('[data-inkling="panel"]').shadowRoot.querySelector('ol, ul');
                 const mark = document.querySelector('[data-inkling="mark"]');
                 return [getComputedStyle(papers).display, getComputedStyle(mark).position]"""
    assert tab.run(dressed) == ["grid", "absolute"]


@pytest.mark.parametrize(("kind", "generation", "shape"), DRIFTS[:3])
def test_a_page_that_has_changed_is_left_alone(
    tab: Tab, pages: PagesServer, server: Server, kind: str, generation: str, shape: str
) -> None:
    matrix.check_drift(tab, pages, server, kind, generation=generation, shape=shape)


@pytest.mark.parametrize("case", ORDERED[:2], ids="-".join)
def test_ordered_for_you_every_control_of_the_page_still_works(
    tab: Tab, plain_tab: Tab, pages: PagesServer, case: tuple[str, str, str, str]
) -> None:
    matrix.check_ordered(tab, plain_tab, pages, case)


@pytest.mark.parametrize(("tabs", "generation"), CONTROLS[:3])
def test_marks_follow_the_page_s_own_controls(tab: Tab, pages: PagesServer, tabs: str, generation: str) -> None:
    matrix.check_controls(tab, pages, tabs, generation)
