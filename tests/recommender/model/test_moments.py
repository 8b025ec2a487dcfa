import numpy as np
import pytest

from recommender.model.moments import CHUNK, measure_moments, row_norms, unit_rows


def members():
    random = np.random.default_rng(1)
    plain = random.standard_normal((2 * CHUNK + 77, 12)).astype(np.float32)
    yield "plain", plain
    yield "a mean far larger than the spread", plain + np.float32(300)
    yield "of few directions", (plain[:, :3] @ random.standard_normal((3, 12))).astype(np.float32)
    yield "lengths over four orders", plain * np.exp(random.normal(0, 3, len(plain))).astype(np.float32)[:, None]
    yield "one", plain[:1]


@pytest.mark.parametrize(("kind", "vectors"), list(members()))
def test_the_deviation_of_products_is_that_of_a_scan(kind, vectors):
    moments = measure_moments(vectors)
    for vector in np.random.default_rng(2).standard_normal((5, 12)).astype(np.float32):
        products = vectors.astype(np.float64) @ vector.astype(np.float64)
        assert moments.deviation(vector) == pytest.approx(products.std(), rel=1e-5, abs=1e-9), kind
    assert moments.mean == pytest.approx(vectors.mean(axis=0, dtype=np.float64), rel=1e-6, abs=1e-6)


def test_vectors_of_no_length_or_number_are_no_error():
    assert measure_moments(np.zeros((0, 4), np.float32)).deviation(np.ones(4, np.float32)) == 0
    zero = np.zeros((3, 4), np.float32)
    assert measure_moments(zero).deviation(np.ones(4, np.float32)) == 0
    assert not unit_rows(zero).any()
    assert (row_norms(zero) > 0).all()
    assert row_norms(zero).dtype == np.float32
