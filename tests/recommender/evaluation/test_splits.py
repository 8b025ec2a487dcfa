import hashlib
import importlib.util

import numpy as np
import pytest
import scipy.sparse as sp

from recommender.evaluation import splits
from recommender.evaluation.metrics import ndcg, recall

# sha256 over train, test and readers of the reference implementation on `X` below, first ten hexadecimal places.
FROZEN = {
    "warm": "f37aa1d521",
    "cold": "e7d5769147",
    "mixed": "a982c2a5a6",
    "new 1": "e066a99b78",
    "new 10": "0039ca5a7d",
    "alone 1": "ca22d08e07",
    "alone 30": "eb8223a98f",
}


@pytest.fixture(scope="module")
def X():  # noqa: N802 - the protocol's name
    matrix = sp.random(300, 400, 0.06, format="csr", random_state=np.random.default_rng(7), dtype=np.float32)
    matrix.data[:] = 1
    return matrix


def make(X, name, seed=3):
    task, _, k = name.partition(" ")
    return getattr(splits, f"split_{task}")(X, seed, int(k)) if k else getattr(splits, f"split_{task}")(X, seed)


def digest(train, history, test, candidates):
    components = [array for matrix in (train, history, test) for array in (matrix.indptr, np.sort(matrix.indices))]
    whole = b"".join(np.asarray(component, np.int64).tobytes() for component in [*components, candidates])
    return hashlib.sha256(whole).hexdigest()[:10]


@pytest.mark.parametrize("name", FROZEN)
def test_splits_are_the_protocols_to_the_last_number(X, name):
    split = make(X, name)
    assert digest(split.train, split.history, split.test, split.candidates) == FROZEN[name]


@pytest.mark.parametrize("seed", [0, 4])
@pytest.mark.parametrize("name", FROZEN)
def test_splits_equal_the_reference(X, shared, name, seed):
    spec = importlib.util.spec_from_file_location("reference_splits", shared / "reference/splits.py")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    task, _, k = name.partition(" ")
    theirs = getattr(reference, task)(X, seed, int(k)) if k else getattr(reference, task)(X, seed)
    ours = make(X, name, seed)
    same = [(ours.train, theirs["train"])]
    if k:
        same += [(ours.history, theirs["given"]), (ours.test, theirs["test"])]
    else:
        assert np.array_equal(ours.readers, theirs["readers"])
        same += [(ours.history, theirs["train"][theirs["readers"]]), (ours.test, theirs["test"][theirs["readers"]])]
    assert all((one != other).nnz == 0 and one.shape == other.shape for one, other in same)
    assert np.array_equal(ours.candidates, theirs["candidates"])
    random = np.random.default_rng(seed)
    for _ in range(50):
        top, targets = random.permutation(60)[:40].tolist(), set(random.permutation(60)[:9].tolist())
        assert recall(top, targets, 20) == reference.recall(top, targets, 20)
        assert ndcg(top, targets) == pytest.approx(reference.ndcg(top, targets), abs=0)


@pytest.mark.parametrize("name", FROZEN)
def test_no_training_paper_is_a_target(X, name):
    split = make(X, name)
    assert split.history.multiply(split.test).nnz == 0
    assert (np.diff(split.test.indptr) > 0).all()


def test_cold_papers_leave_training_whole(X):
    split = make(X, "mixed")
    assert split.train[:, np.flatnonzero(split.is_cold)].nnz == 0
    assert split.is_cold.sum() == 80


def test_the_first_papers_given_do_not_depend_on_how_many(X):
    one, ten = make(X, "new 1"), make(X, "new 10")
    assert np.array_equal(one.readers, ten.readers)
    assert one.history.multiply(ten.history).nnz == one.history.nnz


def test_by_time_learns_from_the_past_alone(X):
    times = X.copy()
    times.data = np.random.default_rng(0).random(X.nnz).astype(np.float32) + 1
    split = splits.split_by_time(X, times, seed=0)
    cut = np.quantile(times.data, 0.8)
    assert split.train.multiply(times).max() <= cut
    assert split.train.nnz == pytest.approx(0.8 * X.nnz, rel=0.01)
    assert split.history.multiply(split.test).nnz == 0
