"""The figures on real readers, in bands: one that falls is a loss, one that rises too far is a leak."""

import pytest

from recommender import Config
from recommender.data.files import read_events, read_papers
from recommender.evaluation.evaluate import evaluate
from recommender.evaluation.report import OURS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

BANDS = {
    ("warm", "warm"): {"recall@20": (0.29, 0.34), "ndcg@20": (0.19, 0.225)},
    ("cold", "cold"): {"recall@20": (0.36, 0.41), "ndcg@20": (0.225, 0.265)},
    ("alone", "alone k=1"): {"recall@20": (0.066, 0.095)},
    ("alone", "alone k=10"): {"recall@20": (0.117, 0.15)},
    ("alone", "alone k=30"): {"recall@20": (0.082, 0.11)},
}


@pytest.fixture(scope="module")
def found(shared):
    folder = shared / "data/citeulike-t"
    papers, events = read_papers(folder / "papers.jsonl.gz"), read_events(folder / "interactions.tsv.gz")
    return {
        task: evaluate(papers, events, task, [0], Config().relevance_only(), baselines=False).splits
        for task in dict.fromkeys(task for task, _ in BANDS)
    }


@pytest.mark.parametrize(("task", "split"), BANDS)
def test_figures_stay_in_their_bands(found, task, split):
    for metric, (low, high) in BANDS[task, split].items():
        assert low < found[task][split][OURS].mean(metric) < high, metric
