"""What a reader follows and mutes, and how many papers it met lately."""

from __future__ import annotations

from server.services.pairing import Caller
from server.services.parsing import TOPICS
from server.services.ranking import DAY, RankingRequest
from server.services.serving_context import ServingContext

RECENT_DAYS = 30


def count_recent_papers(context: ServingContext, caller: Caller, now: float) -> dict[str, list[tuple[str, int]]]:
    """Return each list of topics as (topic, how many papers of the last `RECENT_DAYS` days it matches) pairs.

    Costs the same however large the catalogue is: only its newest papers are looked at.
    """
    catalogue = RankingRequest.of(context, caller, now).catalogue
    topics = {name: caller.settings.get(name, []) for name in TOPICS}
    every = [topic for chosen in topics.values() for topic in chosen]
    counts = dict(zip(every, catalogue.count_matches(every, now - RECENT_DAYS * DAY), strict=True))
    return {name: [(topic, counts[topic]) for topic in chosen] for name, chosen in topics.items()}
