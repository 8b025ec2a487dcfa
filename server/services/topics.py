"""What a reader follows and mutes, and how many papers it met lately."""

from __future__ import annotations

from server.errors import Invalid, NotFound
from server.services.context import Context
from server.services.pairing import Caller
from server.services.parsing import TOPICS, read_topics
from server.services.ranking import DAY, RankingRequest
from server.services.serving_context import ServingContext
from server.store import readers

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


def put(context: Context, reader_id: str, topic: str, into: str | None) -> None:
    """Move a topic, however it is written, into one of the reader's lists and out of the others; None: only out.

    Raises Invalid for a topic that cannot be read or a list that is full, NotFound when the reader was deleted.
    """
    read = read_topics([topic], "topic")
    if not read:
        raise Invalid("Must not be empty.", field="topic")
    with context.database.writing() as session:
        readers.touch(session, reader_id)
        reader = readers.find(session, reader_id)
        if reader is None:
            raise NotFound("This reader was deleted.")
        settings = reader["settings"]
        kept = {name: [one for one in settings.get(name, []) if not _is_same(one, read[0])] for name in TOPICS}
        if into is not None:
            kept[into] = read_topics([*kept[into], read[0]], into)
        readers.set_settings(session, reader_id, {**settings, **kept})


def _is_same(one: str, other: str) -> bool:
    return len(read_topics([one, other], "topic")) == 1
