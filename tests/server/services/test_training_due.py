"""A training is due after enough events, a larger catalogue, or enough time with something new."""

from __future__ import annotations

import time
from dataclasses import replace

from recommender.training.train import MIN_PAPERS
from server.services.training import train_once
from server.services.training_due import ENOUGH_PAPERS, why_due
from tests.server.services.test_training import PAPERS, add_events, add_papers


def test_enough_papers_for_the_schedule_are_enough_for_the_recommender():
    assert ENOUGH_PAPERS == MIN_PAPERS


def test_when_it_is_time(context, settings, database):
    now = time.time()
    assert why_due(context, now) is None
    add_papers(database, PAPERS[:30])
    assert why_due(context, now) == "there is no model yet"
    train_once(context)
    assert why_due(context, now + 10 * 86400) is None
    add_papers(database, PAPERS[30:40])
    assert why_due(context, now) is None
    assert "something new" in why_due(context, now + settings.train_every + 60)
    add_papers(database, PAPERS[30:])
    assert "grown from 30 to 60" in why_due(context, now)
    train_once(context, seed=1)
    few = replace(context, settings=replace(settings, train_after_events=3))
    add_events(context, 3)
    assert why_due(few, now) == "3 new events"
    assert why_due(context, now) is None
