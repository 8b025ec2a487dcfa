"""A harder world than the common one, with a serving model of ten days ago, for holdouts and the gate."""

import numpy as np
import pytest

from recommender import Events, Papers, train
from recommender.training.holdout import choose_holdout
from tests.recommender.conftest import DAY, NOW, PAPERS_A_TOPIC, TOPICS


@pytest.fixture(scope="session")
def hard_papers():
    """Papers whose words tell little of their topic, so that what readers teach decides the ranks."""
    random = np.random.default_rng(1)
    texts = {
        f"t{topic}p{number:02d}": [f"common{one}" for one in random.integers(0, 60, 12)] + [f"topic{topic}"]
        for topic in range(TOPICS)
        for number in range(PAPERS_A_TOPIC)
    }
    return Papers.from_rows({"id": name, "abstract": " ".join(words)} for name, words in texts.items())


@pytest.fixture(scope="session")
def dated_events(hard_papers):
    """Readers of two topics each, over two months."""
    random = np.random.default_rng(2)
    rows = []
    for reader in range(60):
        topics = random.permutation(TOPICS)[:2]
        for at in random.permutation(2 * PAPERS_A_TOPIC)[:24]:
            name = f"t{topics[at % 2]}p{at // 2:02d}"
            rows.append((f"r{reader}", name, "save", NOW - float(random.integers(0, 60)) * DAY))
    return Events.from_rows(rows)


@pytest.fixture(scope="session")
def older_events(dated_events):
    """The events of ten days ago, when the serving model was trained."""
    return dated_events.take(np.flatnonzero(dated_events.times < NOW - 10 * DAY).tolist())


@pytest.fixture(scope="session")
def serving(hard_papers, older_events, config):
    return train(hard_papers, older_events, config, now=NOW - 10 * DAY)


@pytest.fixture(scope="session")
def holdout(hard_papers, dated_events, serving, config):
    return choose_holdout(hard_papers, dated_events, since=serving.manifest.now, config=config, seed=0)


@pytest.fixture(scope="session")
def holdout_fit(hard_papers, holdout, config):
    return train(hard_papers, holdout.learn, config, now=holdout.now)


def pairs_of(holdout):
    return {
        (history.readers[0], paper)
        for history, papers in zip(holdout.histories, holdout.targets, strict=True)
        for paper in papers
    }
