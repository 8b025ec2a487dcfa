"""`inkling export` and `inkling import`."""

from __future__ import annotations

from server.store import readers


def test_a_reader_takes_their_file_elsewhere(home, inkling, tmp_path):
    with home.writing() as session:
        reader = readers.create(session, 1.0)
    assert "0 events" in inkling("export", reader, str(tmp_path / "me.json"))
    assert "Events: 0 accepted" in inkling("import", reader, str(tmp_path / "me.json"))
    (tmp_path / "bad.json").write_text("{")
    assert "is not JSON" in inkling("import", reader, str(tmp_path / "bad.json"), status=2)
    (tmp_path / "list.json").write_text("[]")
    assert "not a file of Inkling's export" in inkling("import", reader, str(tmp_path / "list.json"), status=2)
