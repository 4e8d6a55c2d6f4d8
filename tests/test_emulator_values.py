"""Every expression of the catalogue's proof on the emulator of BigQuery, too: what it does not give as Google's evaluator does is listed.

The list is kept in `emulator_values.yml` and shown in docs/warehouses.md. With `--golden` it is written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery
from requests.exceptions import ConnectionError

from emulator_server import PYTHON, Emulator
from engines import COLUMNS, ROWS, BigQuery, plain, same
from golden import check_golden
from test_catalogue import AGGREGATES, EXAMPLES, GROUPS, MORE, MORE_AGGREGATES, sql_of_each, values_of
from warehouse_features import VALUES
from whgen.ir.types import Type
from whgen.warehouses import DIALECTS

pytestmark = [
    pytest.mark.xdist_group("emulator"),
    pytest.mark.skipif(not PYTHON, reason="WHGEN_EMULATOR names no interpreter with the emulator of BigQuery: run `make emulator`"),
]


class OnEmulator:
    """The table of difficult values in the emulator."""

    def __init__(self, client: bigquery.Client) -> None:
        self._client = client
        self._client.create_dataset("proof")
        schema = [bigquery.SchemaField(name, _type(type_)) for name, type_ in COLUMNS.items()]
        self._client.create_table(bigquery.Table(f"{client.project}.proof.data", schema=schema))
        names = ", ".join(f"`{name}`" for name in COLUMNS)
        for row in ROWS:
            values = ", ".join(_literal(value, type_) for value, type_ in zip(row, COLUMNS.values(), strict=True))
            self._rows(f"INSERT INTO proof.data ({names}) VALUES ({values})")

    def values(self, expression: str, row: int | None = None) -> list[Any]:
        """The value of an expression in each row, or in one."""
        where = "" if row is None else f" WHERE `row` = {row}"
        return [found[1] for found in self._rows(f"SELECT `row`, {expression} AS x FROM proof.data{where} ORDER BY `row`")]

    def total(self, expression: str, where: str) -> Any:
        """The value of an aggregate."""
        return self._rows(f"SELECT {expression} AS x FROM proof.data WHERE {where.replace('row', '`row`')}")[0][0]

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        try:
            # It refuses with words that the client takes for a passing fault.
            found = self._client.query(query, retry=None, job_retry=None).result(retry=None, job_retry=None, timeout=30)
            return [tuple(plain(value) for value in row.values()) for row in found]
        except ConnectionError:
            # After an internal error it hangs up, which shows with the next query.
            return self._rows(query)


def _type(type_: Type) -> str:
    return (DIALECTS["bigquery"].type_name(type_) or "").partition("(")[0]


def _literal(value: str | None, type_: Type) -> str:
    if value is None:
        return f"CAST(NULL AS {_type(type_)})"
    text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    if _type(type_) == "JSON":
        return f'PARSE_JSON("{text}")'
    return f'CAST("{text}{"+00" if _type(type_) == "TIMESTAMP" else ""}" AS {_type(type_)})'


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnEmulator]:
    running = Emulator(tmp_path_factory.mktemp("emulator"), "acme")
    yield OnEmulator(running.client("acme"))
    running.stop()


def test_emulator_gives_what_bigquery_gives(emulator: OnEmulator, request: pytest.FixtureRequest) -> None:
    evaluator = BigQuery(request.config.cache.mkdir("zetasql"))
    found = {text: _verdict(_pairs(text, emulator, evaluator)) for text in (*EXAMPLES, *MORE, *AGGREGATES, *MORE_AGGREGATES)}
    kept = {"same": sum(v == "same" for v in found.values())}
    lists = {verdict: sorted(text for text, v in found.items() if v == verdict) for verdict in ("differs", "refused")}
    text = yaml.safe_dump({**kept, **lists}, sort_keys=False, allow_unicode=True, width=200)
    check_golden({VALUES: text}, refresh=request.config.getoption("--golden"))


def _pairs(text: str, emulator: OnEmulator, evaluator: BigQuery) -> Iterator[tuple[Any, Any]]:
    """Each value of the emulator with the evaluator's."""
    sql = sql_of_each(text)[2]["bigquery"]
    if text in AGGREGATES or text in MORE_AGGREGATES:
        for where in GROUPS:
            yield emulator.total(sql, where), evaluator.total(sql, where)
    else:
        yield from zip(values_of(emulator, sql), values_of(evaluator, sql), strict=True)


def _verdict(pairs: Iterator[tuple[Any, Any]]) -> str:
    try:
        # What stops BigQuery may be anything on the emulator.
        found = [(got, wanted) for got, wanted in pairs if not isinstance(wanted, Exception)]
    except GoogleAPICallError:
        return "refused"
    if any(isinstance(got, Exception) for got, _ in found):
        return "refused"
    return "same" if all(same(got, wanted) for got, wanted in found) else "differs"


def test_list_speaks_of_the_catalogue() -> None:
    kept: Mapping[str, Any] = yaml.safe_load(Path(VALUES).read_text(encoding="utf-8"))
    everything = {*EXAMPLES, *MORE, *AGGREGATES, *MORE_AGGREGATES}
    assert {*kept["differs"], *kept["refused"]} <= everything
    assert kept["same"] + len(kept["differs"]) + len(kept["refused"]) == len(everything)
