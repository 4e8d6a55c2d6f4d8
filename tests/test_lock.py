"""`whgen lock` on real tables of DuckDB: what it writes, what it refuses, and that a build with the lock gives what one without gives."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from projects import REPOSITORY, build, failed, release, write_project
from whgen.cli.app import app

WAREHOUSE = """\
warehouse: shop
targets:
  dev: {warehouse: duckdb, path: shop.duckdb}
  prod: {warehouse: bigquery, project: acme}
"""
SHOP = """\
source: shop
location: {duckdb: {files: 'raw/{table}.parquet'}, bigquery: {dataset: shop}}
tables:
  visits:
    union: {tables: {visits_2024: 24, visits_2025: 25}, column: year}
    columns: all
  goods:
    identifier: Goods
    key: id
    columns: {id: {}, price: {}, weight: {}, kind: {type: string}, listed: {type: date}, stock: {type: integer}}
"""
CRM = """\
source: crm
location: {duckdb: {schema: crm}, bigquery: {dataset: crm}}
tables:
  people:
    key: id
    columns: {id: {}, name: {trim: true}, seen: {type: timestamp}}
"""
TEXTS = """\
source: texts
location: {duckdb: {files: 'raw/{table}.csv'}, bigquery: {dataset: texts}}
tables:
  notes:
    key: id
    columns: {id: integer, note: {null_if: NA}}
"""
LOCK = """\
# What the tables of the sources hold. Written by `whgen lock`: commit it, and do not edit it.
source: crm
warehouse: duckdb
tables:
  people:
    id: {type: integer, native: SMALLINT}
    name: string
    seen: datetime
    'on': boolean
    rank: {native: 'ENUM(''a'', ''b'')'}
    big: {native: HUGEINT}
---
source: shop
warehouse: duckdb
tables:
  Goods:
    id: integer
    price: decimal(10, 2)
    weight: {type: float, native: FLOAT}
    kind: string
    listed: datetime
    stock: float
    tags: array<string>
    size: {native: 'STRUCT(w INTEGER, h INTEGER)'}
    Odd Name: {native: UUID}
  visits_2024:
    visitor: {type: integer, native: INTEGER}
    pages: integer
  visits_2025:
    visitor: integer
    pages: integer
---
source: texts
warehouse: duckdb
tables:
  notes:
    id: string
    note: string
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project over Parquet files, text files and tables of the database."""
    root = write_project(
        tmp_path / "shop",
        {
            "specs/warehouse.yml": WAREHOUSE,
            "specs/shop.yml": SHOP,
            "specs/crm.yml": CRM,
            "specs/texts.yml": TEXTS,
            "raw/notes.csv": "id,note\n1,hello\n2,NA\n",
        },
    )
    raw = root / "raw"
    with duckdb.connect(str(root / "shop.duckdb")) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA crm")
        connection.execute(
            """CREATE TABLE crm.people AS SELECT 1::SMALLINT AS id, ' Ann ' AS name, TIMESTAMP '2025-01-02 03:04:05' AS seen, true AS "on",
            'a'::ENUM('a', 'b') AS rank, 1::HUGEINT AS big"""
        )
        goods = """SELECT 7::BIGINT AS id, 9.99::DECIMAL(10, 2) AS price, 0.5::FLOAT AS weight, 'a' AS kind,
            TIMESTAMP '2025-01-02 03:04:05' AS listed, 3::DOUBLE AS stock, ['x'] AS tags, {'w': 1, 'h': 2} AS size,
            '6b1c1f6e-0f0b-4a57-9d7e-1f1a2b3c4d5e'::UUID AS "Odd Name" """
        connection.execute(f"COPY ({goods}) TO '{raw}/Goods.parquet'")
        connection.execute(f"COPY (SELECT 1::INTEGER AS visitor, 2::BIGINT AS pages) TO '{raw}/visits_2024.parquet'")
        connection.execute(f"COPY (SELECT 5000000000::BIGINT AS visitor, 2::BIGINT AS pages) TO '{raw}/visits_2025.parquet'")
    return root


def whgen(root: Path, *arguments: str) -> Result:
    """A command in this process."""
    result = CliRunner().invoke(app, ["-C", str(root), *arguments], prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def lock_of(root: Path) -> str:
    return (root / "sources.lock").read_bytes().decode()


def test_lock_is_written_and_current(shop: Path) -> None:
    first = whgen(shop, "lock")
    assert (first.exit_code, first.output) == (0, "sources.lock written: 5 tables on duckdb, 21 columns\n")
    assert lock_of(shop) == LOCK
    again = json.loads(whgen(shop, "lock", "--json").stdout)
    assert again == {
        "ok": True,
        "exit_code": 0,
        "target": "dev",
        "file": "sources.lock",
        "current": True,
        "tables": 5,
        "columns": 21,
        "diagnostics": [],
    }
    assert whgen(shop, "-q", "lock", "--check").output == ""
    left = [".whgen", "raw", "shop.duckdb", "sources.lock", "specs"]
    assert sorted(p.name for p in shop.iterdir()) == left, "nothing is left behind but what is kept for the next time"


def test_check_shows_what_has_changed_and_writes_nothing(shop: Path) -> None:
    whgen(shop, "lock")
    before = lock_of(shop)
    (shop / "raw/notes.csv").write_text("id,note,author\n1,hello,ann\n")
    result = whgen(shop, "lock", "--check")
    assert result.exit_code == 1
    assert "+++ b/sources.lock\n" in result.output
    assert "\n+    author: string\nsources.lock is not current: run `whgen lock`\n" in result.output
    assert lock_of(shop) == before
    assert whgen(shop, "lock").exit_code == 0
    assert lock_of(shop) == before + "    author: string\n"


def test_line_ends_of_a_checkout_do_not_matter(shop: Path) -> None:
    whgen(shop, "lock")
    (shop / "sources.lock").write_bytes(lock_of(shop).replace("\n", "\r\n").encode())
    assert whgen(shop, "lock", "--check").exit_code == 0


def test_what_other_warehouses_hold_is_kept(shop: Path) -> None:
    kept = "source: crm\nwarehouse: bigquery\ntables:\n  people:\n    id: {type: integer}\n    span: {native: RANGE<DATE>}\n"
    gone = "---\nsource: old\nwarehouse: duckdb\ntables:\n  people: {id: integer}\n"
    (shop / "sources.lock").write_text(kept + gone)
    assert whgen(shop, "lock").exit_code == 0
    documents = lock_of(shop).split("\n", 1)[1].split("---\n")
    assert documents[0] == kept.replace("{type: integer}", "integer")
    assert [d.splitlines()[:2] for d in documents[1:]] == [[f"source: {s}", "warehouse: duckdb"] for s in ("crm", "shop", "texts")]


def test_specs_that_the_lock_makes_wrong_or_whole_can_be_locked(shop: Path) -> None:
    """`columns: all` needs the lock, a stale lock makes right specs wrong, and other mistakes have nothing to do with it."""
    write_project(shop, {"specs/order.yml": "dimension: order\nfrom: shop.nothing\nkey: id\n"})
    (shop / "sources.lock").write_text("source: texts\nwarehouse: duckdb\ntables: {notes: {identity: string}}\n")
    assert whgen(shop, "validate").exit_code == 1
    assert whgen(shop, "lock").exit_code == 0
    (shop / "specs/order.yml").unlink()
    assert whgen(shop, "validate").output == "5 files, nothing wrong\n"


def test_tables_that_cannot_be_read_are_shown_at_their_place(shop: Path) -> None:
    (shop / "raw/notes.csv").unlink()
    (shop / "raw/visits_2025.parquet").write_text("no such format")
    with duckdb.connect(str(shop / "shop.duckdb")) as connection:
        connection.execute("DROP TABLE crm.people")
    result = whgen(shop, "lock")
    assert result.exit_code == 1
    assert "error[unreadable-source]: `texts.notes` could not be read: there is no file `" in result.output
    assert "specs/texts.yml:4:3" in result.output
    assert "`crm.people` could not be read: Catalog Error" in result.output
    assert "`shop.visits_2025` could not be read: " in result.output
    assert result.output.rstrip().endswith("3 errors")
    assert not (shop / "sources.lock").exists()


def test_names_that_no_spec_can_hold_are_left_out(shop: Path) -> None:
    (shop / "raw/notes.csv").write_text('id,note,"{{ x }}"\n1,a,b\n')
    result = whgen(shop, "lock")
    assert result.exit_code == 0
    assert "warning[unusable-column]: a column of `texts.notes` is left out, since no spec could name it: '{{ x }}'" in result.output
    assert "    id: string\n    note: string\n" in lock_of(shop)
    assert "{{" not in lock_of(shop)


def test_warehouses_that_cannot_be_read_yet(shop: Path) -> None:
    result = whgen(shop, "lock", "--target", "prod")
    assert result.exit_code == 1
    assert "error[not-lockable]: the tables on bigquery cannot be read yet" in result.stderr
    assert "error[unknown-target]" in whgen(shop, "lock", "--target", "prdo").stderr


def test_lock_that_cannot_be_read(shop: Path) -> None:
    (shop / "sources.lock").write_text("<<<<<<< main\n")
    result = whgen(shop, "lock")
    assert result.exit_code == 1
    assert "--> sources.lock:1:" in result.stderr
    assert lock_of(shop) == "<<<<<<< main\n"


def test_database_that_is_in_use(shop: Path) -> None:
    code = f"import duckdb, sys; c = duckdb.connect({str(shop / 'shop.duckdb')!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        result = whgen(shop, "lock")
        other.communicate("")
    assert result.exit_code == 1
    assert "error[database-locked]: the database file" in result.stderr
    assert not (shop / "generated").exists()
    (shop / "shop.duckdb").write_text("no database, but long enough to be taken for one" * 100)
    result = whgen(shop, "lock")
    assert result.exit_code == 1
    assert "error[dbt-failed]: dbt could not run: " in result.stderr


def rows(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """Of each model its columns with their types, and its rows."""
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        listed = (
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'staging' AND table_name NOT LIKE 'whgen%' ORDER BY 1"
        )
        tables = connection.sql(listed).fetchall()
        return {t: connection.sql(f"DESCRIBE staging.{t}").fetchall() + connection.sql(f"FROM staging.{t}").fetchall() for (t,) in tables}


def test_build_with_the_lock_is_the_build_without(shop: Path) -> None:
    """With every type written out, the lock changes how a column is cast, and never what comes out."""
    declared = SHOP.replace("columns: all", "columns: {visitor: integer, pages: integer}").replace(
        "{id: {}, price: {}, weight: {}, ", "{id: integer, price: {type: 'decimal(10, 2)'}, weight: float, "
    )
    texts = TEXTS.replace("null_if: NA}}", "type: string, null_if: NA}}")
    crm = CRM.replace("{id: {}, name: {trim: true}", "{id: integer, name: {type: string, trim: true}")
    write_project(shop, {"specs/shop.yml": declared, "specs/texts.yml": texts, "specs/crm.yml": crm})
    plain = Path(shutil.copytree(shop, shop.parent / "plain"))
    assert failed(build(plain)) == set()
    assert whgen(shop, "lock").exit_code == 0
    assert failed(build(shop)) == set()
    assert rows(shop) == rows(plain)
    assert "TRY_CAST" in (plain / "generated/duckdb/models/staging/shop/stg_shop__goods.sql").read_text()

    write_project(shop, {"specs/shop.yml": SHOP, "specs/texts.yml": TEXTS, "specs/crm.yml": CRM})
    assert failed(build(shop)) == set()
    assert rows(shop) == rows(plain), "what no spec declares is known from the lock"


def test_rounding_of_typed_sources_is_found(shop: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (SELECT 7::BIGINT AS id, 9.99::DECIMAL(10, 2) AS price, 0.5::FLOAT AS weight, 'a' AS kind, DATE '2025-01-02' AS listed,
            2.5::DOUBLE AS stock) TO '{shop}/raw/Goods.parquet'"""
        )
    assert whgen(shop, "lock").exit_code == 0
    assert failed(build(shop)) == {"stg_shop__goods__casts_keep_values"}


def test_lock_of_the_example_is_current(raw_data: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(raw_data.parent)
    shutil.copytree(REPOSITORY / "specs", tmp_path / "specs")
    shutil.copy(REPOSITORY / "sources.lock", tmp_path)
    result = whgen(tmp_path, "lock", "--check")
    assert (result.exit_code, result.output) == (0, "sources.lock is current: 5 tables on duckdb, 55 columns\n")
