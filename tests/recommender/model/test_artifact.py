import json
import resource
import sys

import numpy as np
import pytest

from recommender import BrokenModel, Catalogue, Events, Model, Papers, train
from recommender.model.artifact import map_pages

NOW = 1_760_000_000.0


@pytest.fixture
def folder(model, tmp_path):
    model.save(tmp_path / "one")
    return tmp_path / "one"


def test_a_loaded_model_ranks_exactly_as_the_trained_one(model, folder, saved):
    history = saved("t0p00", "t0p01", "t3p02")
    ask = {"candidates": None, "k": 20, "now": NOW}
    trained, loaded = (Catalogue(one).rank(history, **ask) for one in (model, Model.load(folder)))
    assert trained.ids == loaded.ids
    assert np.array_equal(trained.scores, loaded.scores)
    assert trained.reasons(0) == loaded.reasons(0)


@pytest.mark.skipif(sys.platform != "linux", reason="counts page faults as Linux does")
def test_whoever_reads_a_mapped_array_whose_pages_are_mapped_waits_for_none(tmp_path):
    np.save(tmp_path / "whole.npy", np.ones((4_000, 256), np.float32))
    fresh, warm = (np.load(tmp_path / "whole.npy", mmap_mode="r") for _ in range(2))
    map_pages(warm)
    assert count_faults(fresh.max) > 3, "62 of 64 KB, fewer where the file is in larger pieces"
    assert count_faults(warm.max) <= 1


def test_the_pages_of_an_empty_array_and_of_one_in_memory_are_mapped_already():
    map_pages(np.empty((0, 7), np.float32))
    map_pages(np.ones(3))


def count_faults(read):
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    read()
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


def test_arrays_are_memory_mapped_read_only(folder):
    loaded = Model.load(folder)
    for array in (loaded.factors.papers, loaded.factors.paper_gram, loaded.words.data):
        assert not array.flags.writeable
        assert mapped(array).mode == "r"


def mapped(array):
    return array if isinstance(array, np.memmap) else mapped(array.base)


def test_nothing_is_pickled(folder):
    for path in folder.glob("*.npy"):
        assert not np.load(path, allow_pickle=False).dtype.hasobject
    assert {path.suffix for path in folder.iterdir()} == {".npy", ".json", ".md"}


def test_the_manifest_says_what_was_trained_on(folder, model):
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["version"] == model.version
    assert manifest["counts"]["papers"] == 240
    assert manifest["counts"]["readers"] == 60
    assert manifest["watermark"] == NOW
    assert {"config", "blend", "trained_at", "figures", "format"} <= set(manifest)


def test_saving_twice_into_one_folder_is_refused(model, folder):
    with pytest.raises(FileExistsError):
        model.save(folder)


def _cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def _other_type(path):
    np.save(path, np.load(path).astype(np.float64))


def _manifest(change):
    def damage(path):
        manifest = json.loads(path.read_text())
        change(manifest)
        path.write_text(json.dumps(manifest))

    return damage


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("vectors.npy", _cut),
        ("vectors.npy", _other_type),
        ("ids_text.npy", lambda path: path.unlink()),
        ("manifest.json", lambda path: path.unlink()),
        ("manifest.json", lambda path: path.write_text("{")),
        ("manifest.json", lambda path: path.write_text("[]")),
        ("manifest.json", _manifest(lambda manifest: manifest.update(format=99))),
        ("manifest.json", _manifest(lambda manifest: manifest.pop("arrays"))),
        ("manifest.json", _manifest(lambda manifest: manifest["arrays"].pop("idf"))),
        ("manifest.json", _manifest(lambda manifest: manifest.pop("config"))),
    ],
)
def test_a_damaged_folder_is_refused(folder, name, damage):
    damage(folder / name)
    with pytest.raises(BrokenModel):
        Model.load(folder)


def test_a_model_of_readers_without_any_text_can_be_kept_too(tmp_path):
    papers = Papers.from_rows({"id": f"p{number}"} for number in range(40))
    events = Events.from_rows((f"r{n % 10}", f"p{n % 40}", "save", None) for n in range(0, 400, 3))
    train(papers, events).save(tmp_path / "bare")
    assert len(Catalogue(Model.load(tmp_path / "bare"))) == 40
