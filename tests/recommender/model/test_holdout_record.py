import numpy as np

from recommender.model.holdout_record import HoldoutRecord, pair_key


def test_a_pair_has_the_key_that_older_artefacts_hold():
    assert pair_key("r1", "2401.00001") == 18_184_786_292_906_623_025
    assert pair_key("r1", "2401.0000") != pair_key("r", "12401.0000")


def test_a_key_fits_its_array_whatever_the_ids():
    keys = np.array([pair_key("\udc80", "大"), pair_key("", "")], np.uint64)
    assert keys.tolist() == [pair_key("\udc80", "大"), pair_key("", "")]


def test_a_model_never_judged_has_an_empty_record():
    record = HoldoutRecord.empty()
    assert (len(record), record.kind) == (0, "none")
    assert (record.keys.dtype, record.gains.dtype) == (np.uint64, np.float32)
