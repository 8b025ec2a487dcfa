"""The files of archived months, as other programs read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.recommender.training import spark_cluster
from tests.server.store.test_archived_events import row

pytest.importorskip("pyarrow", reason="without pyarrow (tests/run installs requirements-spark.lock)")
parquet = pytest.importorskip("pyarrow.parquet")

from server.errors import Unavailable  # noqa: E402
from server.services import parquet_files  # noqa: E402
from server.store.tables import events  # noqa: E402


def rows(count: int) -> list[dict[str, Any]]:
    return [{"reader_id": f"r{number // 10}", **row(number)} for number in range(1, count + 1)]


def test_a_file_holds_every_column_of_every_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_files, "ROWS", 20)
    written = rows(95)
    checksum = parquet_files.write(tmp_path / "m.parquet", [written[at : at + 9] for at in range(0, 95, 9)])
    parquet_files.check(tmp_path / "m.parquet", checksum)
    assert parquet.read_table(tmp_path / "m.parquet").to_pylist() == [
        {name: one[name] for name in parquet_files.SCHEMA.names} for one in written
    ]
    facts = parquet.ParquetFile(tmp_path / "m.parquet").metadata
    assert facts.num_row_groups == 4, "no more than one group in memory"
    assert facts.row_group(0).column(0).compression == "ZSTD"
    assert set(parquet_files.SCHEMA.names) == {one.name for one in events.columns}


def test_a_file_that_changed_is_told_from_one_that_did_not(tmp_path: Path) -> None:
    written = rows(30)
    checksum = parquet_files.write(tmp_path / "m.parquet", [written])
    for number, wrong in enumerate([written[:-1], written[::-1], [*written[:-1], {**written[-1], "at": 1.0}]]):
        parquet_files.write(tmp_path / f"{number}.parquet", [wrong])
        with pytest.raises(Unavailable):
            parquet_files.check(tmp_path / f"{number}.parquet", checksum)


@pytest.mark.slow
def test_spark_reads_the_folder_of_months(tmp_path: Path, socket_enabled: None) -> None:
    if reason := spark_cluster.why_not():
        pytest.skip(reason)
    from pyspark.sql import SparkSession

    archive = tmp_path / "archive"
    archive.mkdir()
    written = rows(60)
    parquet_files.write(archive / "2026-03.parquet", [written[:40]])
    parquet_files.write(archive / "2026-04.parquet", [written[40:]])
    (archive / ".aside-2026-05-1").write_text("half a file of a killed run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
        try:
            table = spark.read.parquet(str(archive))
            found = table.where("reader_id = 'r3'").orderBy("number").collect()
            assert table.count() == 60
        finally:
            spark.stop()
            spark_cluster.end_java()
    assert [one.asDict() for one in found] == [
        {name: one[name] for name in parquet_files.SCHEMA.names} for one in written if one["reader_id"] == "r3"
    ]
