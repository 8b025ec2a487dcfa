"""`inkling migrate`, `inkling backup` and `inkling restore`."""

from __future__ import annotations

from server.store import papers
from server.store.database import migrate


def test_a_backup_makes_another_home_the_same(home, inkling, tmp_path):
    inkling("train")
    assert "40 papers, 0 events, 1 models" in inkling("backup", str(tmp_path / "b.tar.gz"))
    inkling("restore", str(tmp_path / "b.tar.gz"), home=tmp_path / "new")
    inkling("migrate", home=tmp_path / "new")
    assert "serving" in inkling("models", "list", home=tmp_path / "new")
    assert "not empty" in inkling("restore", str(tmp_path / "b.tar.gz"), status=1)


def test_a_database_of_an_earlier_start_is_left_as_it_is(home, inkling):
    assert inkling("migrate") == "The schema is current.\n"
    migrate(home.engine)
    with home.reading() as session:
        assert papers.count(session) == 40
