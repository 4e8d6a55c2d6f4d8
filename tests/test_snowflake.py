"""What is generated for Snowflake, as far as it can be judged without one: it is read by sqlglot's parser of its SQL, and by dbt with the
real adapter (`make snowflake`). Nothing here was run on Snowflake."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import exp

from engines import ROWS, DuckDb, same
from golden import check_golden
from projects import REPOSITORY, generated_files, split_files, write_project
from rendered_models import models_of
from test_catalogue import EXAMPLES, MORE, sql_of_each, values_of
from whgen.ir.types import Kind
from whgen.sql.catalogue.lookup import entry_of
from whgen.warehouses import DIALECTS

SPECS = REPOSITORY / "tests/snowflake/specs.yml"
PYTHON = os.environ.get("WHGEN_SNOWFLAKE", "")
"""The interpreter of an environment with dbt-snowflake."""
# Where sqlglot or DuckDB make something else of it than Snowflake would: what marks the SQL, and why.
ARTEFACTS = {
    r"% .*/ ": "DuckDB divides whole numbers as floats, which have 15 digits",
    r"TO_CHAR\(.*, '": "sqlglot leaves formats out",
    r"EPOCH_(SECOND|MILLISECOND)": "DuckDB rounds where digits are cut off",
    r"CAST\(-?f AS BIGINT\)": "DuckDB rounds halves of floats to the even number",
    r"OCTET_LENGTH": "DuckDB has it for bytes only",
    r":60'": "a second 60 is no second on Snowflake: it is lost, and counted among what is lost",
}
_TARGET = {"warehouse": "snowflake", "account": "acme", "user": "whgen", "virtual_warehouse": "WH", "database": "SHOP"}


def _own(root: Path) -> Path:
    return write_project(root, split_files(SPECS.read_text(encoding="utf-8")))


def _with_snowflake(root: Path, source: Path) -> Path:
    """A project that was written for other warehouses, with a target and locations on Snowflake besides."""
    shutil.copytree(source / "specs", root / "specs")
    if (source / "sources.lock").exists():
        shutil.copy(source / "sources.lock", root)
    (root / "specs/schedules.yml").unlink(missing_ok=True)
    project = root / "specs/warehouse.yml"
    tree = yaml.safe_load(project.read_text(encoding="utf-8"))
    tree["targets"] = {"dev": tree["targets"]["dev"], "snow": _TARGET}
    project.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    for path in (root / "specs").rglob("*.yml"):
        # As text, since `on` is a truth to other readers of YAML.
        text = path.read_text(encoding="utf-8").replace("\nlocation: {", "\nlocation: {snowflake: {schema: RAW}, ")
        path.write_text(text.replace("\nlocation:\n", "\nlocation:\n  snowflake: {schema: RAW}\n"), encoding="utf-8")
    return root


@pytest.fixture(params=["own", "example", "features"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Mapping[PurePosixPath, str]:
    roots = {"example": REPOSITORY, "features": REPOSITORY / "tests/features"}
    root = _own(tmp_path) if request.param == "own" else _with_snowflake(tmp_path, roots[request.param])
    return generated_files(root, "snowflake")


def test_generated_files_are_what_stands_there(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    files = generated_files(_own(tmp_path), "snowflake")
    sql = "".join(f"-- {path}\n{text}\n" for path, text in files.items() if path.parts[0] == "models" and path.suffix == ".sql")
    chosen = [path for path in files if path.suffix == ".yml" and path.name != "dim_date.yml"]
    check_golden(
        {SPECS.with_name("models.sql"): sql, SPECS.with_name("properties.yml"): "".join(f"# {p}\n{files[p]}\n" for p in chosen)},
        refresh=request.config.getoption("--golden"),
    )


def test_every_model_is_sql_of_snowflake(files: Mapping[PurePosixPath, str]) -> None:
    models = models_of(files)
    assert models
    for name, sql in models.items():
        statements = sqlglot.parse(sql, read="snowflake")
        assert len(statements) == 1, name
        # A function that sqlglot does not know is one that was meant: those below exist.
        unknown = {node.name for node in statements[0].find_all(exp.Anonymous)}
        assert unknown <= {"REGEXP_INSTR", "TIMESTAMP_NTZ_FROM_PARTS", "TRY_TO_DATE", "GENERATOR"}, name


def test_names_are_folded_alike_everywhere(files: Mapping[PurePosixPath, str]) -> None:
    """What is in quotes keeps its case, and what is not has none: so a name must be written in one way only."""
    ways: dict[str, set[bool]] = {}
    for sql in models_of(files).values():
        for node in sqlglot.parse_one(sql, read="snowflake").find_all(exp.Identifier):
            ways.setdefault(node.name.lower(), set()).add(bool(node.args.get("quoted")))
    ambiguous = {name for name, quoted in ways.items() if len(quoted) > 1}
    # Of the source are a name with capitals, and the name that it is given.
    assert ambiguous <= {"amount"}
    assert all(DIALECTS["snowflake"].needs_quotes(name) or True not in quoted for name, quoted in ways.items() if name not in ambiguous)


def test_keys_hash_the_same_text_as_on_duckdb(tmp_path: Path) -> None:
    """The expression of each key, on both sides as a tree of sqlglot's: MD5 over the same parts, with the same marks between them."""
    root = _with_snowflake(tmp_path, REPOSITORY)

    def marks(warehouse: str) -> dict[str, list[list[str]]]:
        return {
            name: [
                [part.name for part in hashed.find_all(exp.Literal) if part.name in ("|", ":", "-")]
                for hashed in sqlglot.parse_one(sql, read=warehouse).find_all(exp.MD5)
            ]
            for name, sql in models_of(generated_files(root, warehouse)).items()
        }

    found = marks("snowflake")
    assert found == marks("duckdb")
    assert sum(len(hashes) for hashes in found.values()) > 10


def test_expressions_mean_to_sqlglot_what_duckdb_gives() -> None:
    """A second opinion: sqlglot reads what is written for Snowflake, writes it for DuckDB, and that gives what the proven expression does.

    It is one on the translation, and not on Snowflake."""
    dialect, engine = DIALECTS["snowflake"], DuckDb()
    agreed = 0
    for text in (*EXAMPLES, *MORE):
        tree, type_, printed = sql_of_each(text)
        if not all(entry_of(node) is None or dialect.offers(node) for node in tree.walk()):
            continue
        sql = dialect.line(dialect.settle(tree.copy(), type_))
        read = sqlglot.transpile(sql, read="snowflake", write="duckdb")[0]
        if any(re.search(mark, sql) for mark in ARTEFACTS):
            continue
        # Of a day and an interval DuckDB makes a midnight, where Snowflake has a day.
        read = f"CAST({read} AS DATE)" if type_.kind is Kind.DATE else read
        for row, wanted, got in zip(ROWS, values_of(engine, printed["duckdb"]), values_of(engine, read), strict=True):
            assert isinstance(wanted, Exception) or same(got, wanted) or _nearly(got, wanted), (
                f"{text}, row {row[0]}: {got!r}, and not {wanted!r}\n{sql}\n{read}"
            )
        agreed += 1
    assert agreed > 350


def _nearly(one: Any, other: Any) -> bool:
    """Microseconds since 1970 are a float to DuckDB, which for the year 9999 is one digit short."""
    return isinstance(one, datetime) and isinstance(other, datetime) and abs(one - other) <= timedelta(microseconds=1)


@pytest.mark.skipif(not PYTHON, reason="WHGEN_SNOWFLAKE names no interpreter with dbt-snowflake: run `make snowflake`")
def test_dbt_with_its_adapter_takes_the_project(files: Mapping[PurePosixPath, str], tmp_path: Path) -> None:
    folder = write_project(tmp_path / "project", {str(path): text for path, text in files.items()})
    flags = ["--no-partial-parse", "--show-all-deprecations", "--warn-error", "--log-format", "json", "--no-version-check"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"NO_COLOR": "1", "WHGEN_DEV_SCHEMA": "ada"}
    ran = subprocess.run(
        [PYTHON, "-m", "dbt.cli.main", "parse", "--profiles-dir", ".", *flags], cwd=folder, capture_output=True, text=True, env=environment
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert '"level": "warn"' not in ran.stdout
    manifest = json.loads((folder / "target/manifest.json").read_text(encoding="utf-8"))
    assert manifest["metadata"]["adapter_type"] == "snowflake"
    names = {node["name"]: node["relation_name"] for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    # Without quotes, and so folded to capitals as users write them.
    assert names["dim_date"].endswith(".production.dim_date")
    assert all('"' not in (relation or "") for relation in names.values())


@pytest.mark.skipif(not PYTHON, reason="WHGEN_SNOWFLAKE names no interpreter with dbt-snowflake: run `make snowflake`")
@pytest.mark.parametrize(
    ("variables", "given"),
    [
        ({"SHOP_PROD_PASSWORD": "secret"}, {"password": "secret", "account": "acme-analytics", "warehouse": "TRANSFORMING"}),
        (
            {"SHOP_PROD_PRIVATE_KEY_PATH": "/keys/whgen.p8", "SHOP_PROD_ROLE": "OTHER"},
            {"private_key_path": "/keys/whgen.p8", "role": "OTHER"},
        ),
        ({"SHOP_PROD_AUTHENTICATOR": "externalbrowser"}, {"authenticator": "externalbrowser", "database": "SHOP"}),
    ],
    ids=["password", "key", "browser"],
)
def test_the_adapter_reads_the_profile(variables: Mapping[str, str], given: Mapping[str, str], tmp_path: Path) -> None:
    """dbt's own rendering of `profiles.yml`, and the credentials that its adapter makes of it."""
    files = generated_files(_own(tmp_path), "snowflake")
    (tmp_path / "profiles.yml").write_text(files[PurePosixPath("profiles.yml")], encoding="utf-8")
    script = (
        "import json, os, yaml\n"
        "from jinja2 import Environment\n"
        "from dbt.adapters.snowflake.connections import SnowflakeCredentials\n"
        "output = yaml.safe_load(open('profiles.yml'))['shop']['outputs']['prod']\n"
        "jinja = Environment()\n"
        "jinja.globals['env_var'] = lambda name, default=None: os.environ.get(name, default)\n"
        "values = {k: jinja.from_string(str(v)).render() for k, v in output.items() if k not in ('type', 'threads')}\n"
        "SnowflakeCredentials.validate(values)\n"
        "print(json.dumps(SnowflakeCredentials.from_dict(values).to_dict()))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | dict(variables)
    ran = subprocess.run([PYTHON, "-c", script], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert json.loads(ran.stdout).items() >= given.items()
    assert not re.search(r"env_var\('[A-Z_]*(PASSWORD|KEY_PATH|TOKEN)', '[^']+'", files[PurePosixPath("profiles.yml")])
