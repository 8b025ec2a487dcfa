"""Inserting many rows at once, without SQLAlchemy's work for each value of each row."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import JSON, Dialect, Table, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

Values = tuple[Any, ...]


class BulkInsert:
    """`INSERT` of rows with some columns of a table; the other columns get their defaults.

    Values are strings, numbers, booleans and None. A row whose key exists is an error, unless it is `ignored` or
    overwrites the columns named in `overwritten`. SQLite's driver repeats the statement for each row by itself;
    PostgreSQL gets all rows as one JSON parameter, since repeating it there costs more than the rows do.
    """

    def __init__(
        self, table: Table, columns: Sequence[str], *, ignored: bool = False, overwritten: Collection[str] = ()
    ) -> None:
        if list(columns) != [one.name for one in table.columns if one.name in columns]:
            raise ValueError("name the columns in the order of the table, by which the statement is compiled")
        self._table, self._columns = table, tuple(columns)
        self._ignored, self._overwritten = ignored, tuple(overwritten)
        self._compiled = cache(self._compile)

    def __call__(self, session: Session, rows: Sequence[Values]) -> None:
        """Insert rows, tuples in the order of the columns, in this order; to overwrite, no two with the same key."""
        if not rows:
            return
        connection = session.connection()
        statement = self._compiled(connection.dialect)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(statement, list(rows))
        else:
            named = [dict(zip(self._columns, row, strict=True)) for row in rows]
            connection.exec_driver_sql(statement, {"rows": json.dumps(named)})

    def _compile(self, dialect: Dialect) -> str:
        statement = self._of_values() if dialect.name == "sqlite" else self._of_json()
        if self._ignored:
            statement = statement.on_conflict_do_nothing()
        elif self._overwritten:
            keys = [one.name for one in self._table.primary_key]
            changed = {name: statement.excluded[name] for name in self._overwritten}
            statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
        return str(statement.compile(dialect=dialect))

    def _of_values(self) -> Any:
        return sqlite_insert(self._table).values({name: bindparam(name) for name in self._columns})

    def _of_json(self) -> Any:
        columns = [column(name, self._table.c[name].type) for name in self._columns]
        sent = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
        given = sent.table_valued(*columns, name="given").render_derived(with_types=True)
        return postgresql_insert(self._table).from_select(self._columns, select(*given.c))
