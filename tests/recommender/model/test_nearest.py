import numpy as np
import pytest
import scipy.sparse as sp

from recommender.data.files import read_papers
from recommender.features.tfidf import learn_vocabulary, paper_texts
from recommender.model import nearest
from recommender.model.nearest import NearestIndex, find_nearest, find_nearest_exactly, keep_strongest, search_nearest

LIMIT = 50


def unit(rows):
    rows = rows.tocsr().astype(np.float32)
    rows.sum_duplicates()
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return (sp.diags((1 / np.where(length > 0, length, 1)).astype(np.float32)) @ rows).tocsr().astype(np.float32)


def topics(papers, topic_count, words=20_000, length=60, seed=0):
    """Papers of a topic each: two of five words are the topic's, the others of all, by Zipf's law."""
    random = np.random.default_rng(seed)
    odds = 1 / np.arange(1, words + 1)
    own = random.integers(words, size=(topic_count, 60))
    paper = np.repeat(np.arange(papers), length)
    column = np.searchsorted(np.cumsum(odds / odds.sum()), random.random(len(paper))).clip(max=words - 1)
    of_topic = random.random(len(paper)) < 0.4
    topic = random.integers(topic_count, size=papers)[paper[of_topic]]
    column[of_topic] = own[topic, (60 * random.random(of_topic.sum()) ** 2).astype(int)]
    counts = sp.csr_matrix((np.ones(len(paper), np.float32), (paper, column)), shape=(papers, words))
    idf = np.log((1 + papers) / (1 + np.bincount(counts.indices, minlength=words))) + 1
    counts.data = 1 + np.log(counts.data)
    return unit(counts @ sp.diags(idf))


def tags(papers, seed=1):
    """Papers of one to nine of a thousand words, some far more usual than others."""
    random = np.random.default_rng(seed)
    paper = np.repeat(np.arange(papers), random.integers(1, 10, papers))
    column = (1000 * random.random(len(paper)) ** 3).astype(int)
    return unit(sp.csr_matrix((np.ones(len(paper), np.float32), (paper, column)), shape=(papers, 1000)))


def near_duplicates(papers):
    """Every paper in forty versions that differ in a word or two."""
    first = topics(papers // 40, papers // 400, seed=2)
    some = sp.vstack([first] * 40, format="csr")
    some.data[np.random.default_rng(2).random(some.nnz) < 0.03] = 0
    some.eliminate_zeros()
    return unit(some)


def read_by_few_or_many(papers, seed=3):
    """Papers and their readers: one has read 3,000, most a few, half of the papers have one reader or none."""
    random = np.random.default_rng(seed)
    paper = random.choice(papers, size=8 * papers, p=(odds := np.arange(1, papers + 1) ** -0.8) / odds.sum())
    reader = 1 + random.integers(papers // 8, size=len(paper))
    paper, reader = np.append(paper, np.arange(3_000)), np.append(reader, np.zeros(3_000, int))
    seen = sp.csr_matrix((np.ones(len(paper), np.float32), (paper, reader)), shape=(papers, papers // 8 + 1))
    seen.sum_duplicates()
    damped = 1 / np.sqrt(1 + np.bincount(seen.indices, minlength=seen.shape[1]))
    seen.data[:] = 1
    return unit(seen @ sp.diags(damped))


KINDS = {
    "topics that stay small": lambda: topics(6_000, 60),
    "topics that have grown": lambda: topics(6_000, 6),
    "tags": lambda: tags(6_000),
    "near duplicates": lambda: near_duplicates(6_000),
    "readers": lambda: read_by_few_or_many(6_000),
}


def recall(found, rows, limit, queries=None, sample=200):
    """Return the share of the `limit` largest products that were found; of equals, any will do."""
    some = np.random.default_rng(9).choice(found.shape[0], min(sample, found.shape[0]), replace=False)
    products = ((rows if queries is None else queries)[some] @ rows.T).toarray()
    if queries is None:
        products[np.arange(len(some)), some] = 0
    least = -np.sort(-products, axis=1)[:, limit - 1]
    wanted = np.minimum(limit, (products > 0).sum(axis=1))
    right = [((one := found[row].data) > 0) & (one >= bar - 1e-5) for row, bar in zip(some, least, strict=True)]
    return sum(min(limit, one.sum()) for one in right) / wanted.sum()


@pytest.mark.parametrize("kind", KINDS)
def test_nearly_all_of_the_nearest_are_found(kind):
    rows = KINDS[kind]()
    found = search_nearest(rows, LIMIT)
    assert recall(found, rows, 20) >= 0.95
    assert np.diff(found.indptr).max() <= LIMIT
    assert found.diagonal().sum() == 0
    assert found.dtype == np.float32
    some = found[:100].tocoo()
    assert some.data == pytest.approx(np.asarray(rows[some.row].multiply(rows[some.col]).sum(axis=1)).ravel(), abs=1e-5)


@pytest.mark.parametrize(("kind", "wide"), [("near duplicates", 0), ("readers", 0), ("tags", 1)])
def test_the_bounds_are_as_wide_as_a_sample_of_the_rows_needs(monkeypatch, kind, wide):
    bounds, rows = (nearest.Bounds(60, 60), nearest.Bounds(400, 150), nearest.Bounds(0, 0)), KINDS[kind]()
    monkeypatch.setattr(nearest, "BOUNDS", bounds)
    assert nearest.choose_bounds(rows, rows.T.tocsr()) == bounds[wide]
    assert recall(search_nearest(rows, LIMIT), rows, 20) >= 0.95
    monkeypatch.setattr(nearest, "BOUNDS", bounds[:1])
    assert (recall(search_nearest(rows, LIMIT), rows, 20) >= 0.95) == (wide == 0)


def test_equal_rows_need_no_wide_bounds():
    rows = sp.csr_matrix(np.ones((3_000, 2), np.float32))
    assert nearest.choose_bounds(rows, rows.T.tocsr()) == nearest.BOUNDS[0]
    assert nearest.choose_bounds(rows * 0, (rows * 0).T.tocsr()) == nearest.BOUNDS[0]


@pytest.mark.parametrize("name", ["citeulike-t", "citeulike-t-tags"])
def test_nearly_all_of_the_nearest_real_papers_are_found(shared, name):
    texts = paper_texts(read_papers(shared / f"data/{name}/papers.jsonl.gz"))
    rows = learn_vocabulary(texts[::2], 3)[1]
    assert recall(search_nearest(rows, LIMIT), rows, 20) >= 0.98


def test_the_search_is_the_same_again_and_in_any_blocks(monkeypatch):
    rows = topics(2_000, 20)
    first = search_nearest(rows, LIMIT)
    assert abs(first - search_nearest(rows, LIMIT)).nnz == 0
    monkeypatch.setattr(nearest, "BLOCK_ROWS", 170)
    monkeypatch.setattr(nearest, "CELLS", 5_000)
    monkeypatch.setattr(nearest, "DENSE_CELLS", 50_000)
    assert abs(first - search_nearest(rows, LIMIT)).max() < 1e-6


@pytest.mark.parametrize("papers", [0, 1, 2, 60, 3_000])
def test_papers_that_are_all_equal_or_have_no_words(papers):
    equal = sp.csr_matrix((np.ones(papers, np.float32), (np.arange(papers), np.zeros(papers, int))), (papers, 3))
    half = sp.diags((np.arange(papers) % 2).astype(np.float32)) @ equal
    for rows in (equal, half.tocsr(), equal * 0):
        rows.eliminate_zeros()
        found = search_nearest(rows, LIMIT) if papers else find_nearest(rows, LIMIT)
        having = int((np.diff(rows.indptr) > 0).sum())
        each = np.where(np.diff(rows.indptr) > 0, min(LIMIT, max(0, having - 1)), 0)
        assert (np.diff(found.indptr) == each).all()
        assert found.diagonal().sum() == 0


def test_few_products_are_all_computed(monkeypatch):
    rows = tags(500)
    exact = find_nearest_exactly(rows, LIMIT)
    assert abs(find_nearest(rows, LIMIT) - exact).nnz == 0
    assert recall(exact, rows, LIMIT) == 1
    monkeypatch.setattr(nearest, "EXACT_PRODUCTS", 0)
    monkeypatch.setattr(nearest, "find_nearest_exactly", None)
    assert recall(find_nearest(rows, LIMIT), rows, 20) >= 0.95


def test_the_work_for_a_paper_does_not_grow_with_the_catalogue(monkeypatch):
    multiply, computed = nearest.multiply_pairs, []
    monkeypatch.setattr(nearest, "BOUNDS", nearest.BOUNDS[:1])
    monkeypatch.setattr(nearest, "multiply_pairs", lambda *given: computed.append(given[2].nnz) or multiply(*given))
    each = []
    for papers in (1_500, 6_000):
        rows = topics(papers, 5)
        assert np.diff(nearest.choose_postings(rows)[0].indptr).max() <= nearest.BOUNDS[0].postings
        computed.clear()
        search_nearest(rows, LIMIT)
        each.append(sum(computed) / papers)
    assert max(each) <= nearest.BOUNDS[0].candidates + (nearest.FORWARD + nearest.REVERSE) ** 2
    assert each[1] <= 1.5 * each[0]


def test_the_strongest_cells_of_each_row_are_kept():
    random = np.random.default_rng(4)
    rows = sp.random(200, 900, 0.2, "csr", random_state=random, dtype=np.float32)
    rows.data[np.repeat(np.arange(200) % 7 == 0, np.diff(rows.indptr))] = 0
    rows.eliminate_zeros()
    kept = keep_strongest(rows, 30).toarray()
    for one, whole in zip(kept, rows.toarray(), strict=True):
        assert sorted(one[one > 0]) == sorted(whole[whole > 0])[-30:]
    assert keep_strongest(rows[:0], 30).shape == (0, 900)
    assert abs(keep_strongest(rows, 900) - rows).nnz == 0
    equal = sp.csr_matrix(np.ones((3, 9), np.float32))
    assert keep_strongest(equal, 4).indices.tolist() == [0, 1, 2, 3] * 3


def indexed(rows):
    found, by_column = search_nearest(rows, 20), rows.T.tocsr()
    return NearestIndex(rows, by_column, nearest.cap_postings(by_column), found.maximum(found.T).tocsr())


@pytest.fixture
def always_searching(monkeypatch):
    monkeypatch.setattr(nearest, "EXACT_QUERY_PRODUCTS", 0)
    monkeypatch.setattr(nearest, "EXACT_FEW_PRODUCTS", 0)


@pytest.mark.usefixtures("always_searching")
@pytest.mark.parametrize("kind", ["topics that stay small", "topics that have grown", "tags"])
def test_new_papers_find_the_nearest_of_the_old(kind):
    whole = KINDS[kind]()
    rows, new = whole[300:], whole[:300]
    index = indexed(rows)
    found = index.find(new, LIMIT)
    assert recall(found, rows, 20, new) >= 0.95
    assert abs(sp.vstack([index.find(new[row], LIMIT) for row in range(9)]) - found[:9]).max() < 1e-6
    assert index.find(new[:0], LIMIT).shape == (0, rows.shape[0])
    assert index.find(new[:2] * 0, LIMIT).sum() == 0
    assert recall(typed_words(rows, index), rows, 20, few_words(rows)) >= 0.9


@pytest.mark.parametrize("exact", [False, True])
def test_many_new_papers_are_looked_for_a_block_at_a_time(monkeypatch, exact):
    rows = topics(1_000, 10)
    index = NearestIndex(rows, rows.T.tocsr()) if exact else indexed(rows)
    at_once = index.find(rows[:500], LIMIT)
    monkeypatch.setattr(nearest, "BLOCK_ROWS", 170)
    keep, asked = nearest.keep_strongest, []
    monkeypatch.setattr(
        nearest, "keep_strongest", lambda cells, limit: asked.append(cells.shape[0]) or keep(cells, limit)
    )
    assert abs(index.find(rows[:500], LIMIT) - at_once).max() < 1e-6
    assert max(asked) <= 170 * (1 if exact else nearest.FORWARD)


def few_words(rows):
    """Texts of one to six of the words of the papers."""
    random = np.random.default_rng(6)
    text = np.repeat(np.arange(200), random.integers(1, 7, 200))
    word = rows.indices[random.integers(rows.nnz, size=len(text))]
    return unit(sp.csr_matrix((np.ones(len(text), np.float32), (text, word)), shape=(200, rows.shape[1])))


def typed_words(rows, index):
    return index.find(few_words(rows), LIMIT)


def test_what_costs_little_is_found_exactly_and_each_query_for_itself(monkeypatch):
    whole = topics(6_000, 60)
    rows, new = whole[300:], whole[:300]
    index, typed = indexed(rows), few_words(rows)
    both = sp.vstack([new[:150], typed, new[150:]], format="csr")
    products = np.asarray((both > 0) @ np.diff(index.by_column.indptr)).ravel()
    monkeypatch.setattr(nearest, "EXACT_QUERY_PRODUCTS", int(np.median(products[:150])))
    found, exact = index.find(both, LIMIT), NearestIndex(rows, index.by_column).find(both, LIMIT)
    cheap = (products <= nearest.EXACT_QUERY_PRODUCTS) | (np.diff(both.indptr) <= nearest.FEW)
    assert 250 < cheap.sum() < 450
    assert abs(found - exact)[cheap].max() < 1e-6
    assert abs(found - exact)[~cheap].nnz > 0
    assert recall(found, rows, 20, both, sample=500) >= 0.98
