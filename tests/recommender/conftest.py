"""A small world: eight topics with words of their own, readers who like two of them; real training on it."""

from pathlib import Path

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Papers, train

TOPICS = 8
PAPERS_A_TOPIC = 30
DAY = 86_400.0
NOW = 1_760_000_000.0
SHARED = Path(__file__).parents[2].parent / "shared"


def paper(topic, number, random):
    words = [f"topic{topic}word{one}" for one in random.integers(0, 25, 14)]
    common = [f"common{one}" for one in random.integers(0, 40, 6)]
    return {
        "id": f"t{topic}p{number:02d}",
        "title": f"On topic {topic}: {words[0]}",
        "abstract": " ".join(words + common),
        "authors": [f"Author {topic} {random.integers(0, 6)}"],
        "categories": [f"cat.{topic % 4}"],
        "published": NOW - float(random.integers(1, 90)) * DAY,
        "upvotes": float(random.integers(0, 100)),
    }


@pytest.fixture(scope="session")
def papers():
    random = np.random.default_rng(1)
    return Papers.from_rows(paper(topic, number, random) for topic in range(TOPICS) for number in range(PAPERS_A_TOPIC))


@pytest.fixture(scope="session")
def events(papers):
    random = np.random.default_rng(2)
    rows = []
    for reader in range(60):
        for topic in random.permutation(TOPICS)[:2]:
            for number in random.permutation(PAPERS_A_TOPIC)[:8]:
                kind = "save" if random.random() < 0.7 else "open"
                rows.append((f"r{reader}", f"t{topic}p{number:02d}", kind, NOW - float(random.integers(0, 60)) * DAY))
    return Events.from_rows(rows)


@pytest.fixture(scope="session")
def config():
    return Config(factors=32, iterations=10)


@pytest.fixture(scope="session")
def model(papers, events, config):
    return train(papers, events, config, now=NOW)


@pytest.fixture(scope="session")
def model_alone(papers, config):
    return train(papers, Events.empty(), config, now=NOW)


@pytest.fixture(scope="session", params=["with readers", "alone", "untrained"])
def catalogue(request, papers, model, model_alone, config):
    """The three states a server is in; never updated by a test."""
    if request.param == "untrained":
        return Catalogue(None, papers, config)
    return Catalogue(model if request.param == "with readers" else model_alone)


@pytest.fixture
def saved():
    """Return a function that makes one reader's history of fresh saves."""
    return lambda *ids: Events.from_rows(("me", one, "save", NOW) for one in ids)


@pytest.fixture(scope="session")
def shared():
    """The folder of real data; the test is skipped where a clone stands on its own."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no ../shared/data beside this clone")
    return SHARED


def share_of_topic(ranked_list, topic):
    """The share of a list that is of one topic."""
    return np.mean([paper.startswith(f"t{topic}") for paper in ranked_list.ids])
