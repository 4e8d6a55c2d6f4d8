"""How tables are kept on BigQuery, held against dbt-bigquery itself: it parses the projects, and reads their partitions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from projects import compiled, write_project
from test_cases import case_files


def _project(case: str, root: Path) -> Path:
    """A case's project for BigQuery."""
    write_project(root, case_files(case))
    project = next(p for p in compiled(root).projects if p.warehouse == "bigquery")
    return write_project(root / project.folder, {str(path): text for path, text in project.files.items()})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the case about tables."""
    return _project("bigquery_tables", tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def manifest(folder: Path) -> dict[str, Any]:
    """What dbt makes of it."""
    return _parsed(folder)


def _parsed(folder: Path, *arguments: str) -> dict[str, Any]:
    flags = ["--no-partial-parse", "--show-all-deprecations", "--warn-error", "--log-format", "json", "--no-version-check"]
    ran = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "parse", "--profiles-dir", ".", *flags, *arguments],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    assert "eprecat" not in ran.stdout
    return json.loads((folder / "target/manifest.json").read_text(encoding="utf-8"))


def _config(manifest: dict[str, Any], model: str) -> dict[str, Any]:
    return manifest["nodes"][f"model.shop.{model}"]["config"]


@pytest.mark.parametrize(
    ("model", "rendered"),
    [
        ("stg_shop__customers", "customer_id"),
        ("fact_sale", "date_key"),
        ("fact_daily_sale", "date_trunc(sold_on, month)"),
        ("fact_payment", "timestamp_trunc(paid_at, hour)"),
    ],
)
def test_dbt_reads_the_partitions(model: str, rendered: str, manifest: dict[str, Any]) -> None:
    from dbt.adapters.bigquery.relation_configs import PartitionConfig

    partition = PartitionConfig.parse(_config(manifest, model)["partition_by"])
    assert partition is not None
    assert partition.render() == rendered
    columns = manifest["nodes"][f"model.shop.{model}"]["columns"]
    assert columns[partition.field]["data_type"].lower() == partition.data_type
    assert (partition.range is not None) == (partition.data_type == "int64")


def test_dbt_reads_partitions_by_the_time_of_ingestion(tmp_path: Path) -> None:
    from dbt.adapters.bigquery.relation_configs import PartitionConfig

    manifest = _parsed(_project("incremental", tmp_path))
    model = manifest["nodes"]["model.shop.fact_correction"]
    partition = PartitionConfig.parse(model["config"]["partition_by"])
    assert partition is not None
    assert (partition.render(), partition.time_ingestion_partitioning) == ("timestamp_trunc(_PARTITIONTIME, day)", True)
    # dbt puts values of the column into the pseudo-column, and leaves it out of the table.
    assert partition.field not in model["columns"]
    assert f"TIMESTAMP_TRUNC(CURRENT_TIMESTAMP(), DAY) AS {partition.field}" in model["raw_code"]


def test_options_reach_the_configuration_of_dbt(manifest: dict[str, Any]) -> None:
    payment, customer = _config(manifest, "fact_payment"), _config(manifest, "dim_customer")
    assert (payment["partition_expiration_days"], payment["cluster_by"]) == (90, ["customer_key", "paid_at"])
    assert (customer["hours_to_expiration"], customer["labels"]) == (72, {"team": "shop", "kept": "short"})
    assert payment["grants"] == {"roles/bigquery.dataViewer": ["group:analysts@example.com"]}
    assert _config(manifest, "fact_daily_sale")["require_partition_filter"] is True
    assert not {"partition_by", "cluster_by"} & _config(manifest, "fact_plain_sale").keys()
    assert all(_config(manifest, name)["persist_docs"] == {"relation": True, "columns": True} for name in ("stg_shop__sales", "january"))


def test_every_test_of_a_table_that_demands_a_filter_has_one(manifest: dict[str, Any]) -> None:
    tests = [n for n in manifest["nodes"].values() if n["resource_type"] == "test" and n["attached_node"] == "model.shop.fact_daily_sale"]
    assert len(tests) == 10
    assert all("(sold_on IS NULL OR sold_on IS NOT NULL)" in test["config"]["where"] for test in tests)


def test_a_table_that_loses_rows_is_not_compared_with_what_it_is_made_of(manifest: dict[str, Any]) -> None:
    compared = {n["attached_node"] for n in manifest["nodes"].values() if (n.get("test_metadata") or {}).get("name") == "same_row_count"}
    assert {"model.shop.fact_sale", "model.shop.fact_daily_sale"} < compared
    assert "model.shop.fact_payment" not in compared


def _credentials(folder: Path, **environment: str) -> Any:
    """What dbt-bigquery reads from the profile."""
    from dbt.adapters.bigquery import BigQueryCredentials
    from dbt.config.renderer import ProfileRenderer
    from dbt_common.context import set_invocation_context

    output = yaml.safe_load((folder / "profiles.yml").read_text(encoding="utf-8"))["shop"]["outputs"]["prod"]
    set_invocation_context(environment)
    given = ProfileRenderer({}).render_data(output)
    given = {key: value for key, value in given.items() if key not in ("type", "threads")}
    translated = BigQueryCredentials.translate_aliases(given)
    BigQueryCredentials.validate(translated)
    return BigQueryCredentials.from_dict(translated)


def test_dbt_reads_the_settings_of_the_target(folder: Path) -> None:
    found = _credentials(folder)
    assert (found.database, found.execution_project, found.location) == ("acme", "acme-billing", "europe-west3")
    assert (found.maximum_bytes_billed, str(found.priority.value)) == (1099511627776, "batch")
    assert (found.job_execution_timeout_seconds, found.job_retries) == (3600, 3)
    assert (str(found.method.value), found.impersonate_service_account) == ("oauth", "dbt@acme.iam.gserviceaccount.com")


def test_the_environment_says_who_logs_in_and_what_a_query_may_cost(folder: Path) -> None:
    found = _credentials(
        folder,
        SHOP_PROD_METHOD="service-account",
        SHOP_PROD_KEYFILE="/run/secrets/key.json",
        SHOP_PROD_IMPERSONATE_SERVICE_ACCOUNT="",
        SHOP_PROD_EXECUTION_PROJECT="acme-trial",
        SHOP_PROD_MAXIMUM_BYTES_BILLED="10485760",
    )
    assert (str(found.method.value), found.keyfile) == ("service-account", "/run/secrets/key.json")
    assert (found.impersonate_service_account, found.execution_project, found.maximum_bytes_billed) == ("", "acme-trial", 10485760)


def test_dbt_gives_each_target_its_own_policy_tags(tmp_path: Path) -> None:
    nodes = _parsed(_project("personal_data", tmp_path), "--target", "prod")["nodes"]
    tag = "projects/acme/locations/europe-west3/taxonomies/2/policyTags/20"
    columns = nodes["model.shop.dim_customer"]["columns"]
    assert {name for name, column in columns.items() if column.get("policy_tags") == [tag]} == {"born_on", "greeting", "birth_year"}
    # dbt-bigquery writes tags together with descriptions.
    assert nodes["model.shop.dim_customer"]["config"]["persist_docs"] == {"relation": True, "columns": True}
    assert not any("policy_tags" in column for column in nodes["model.shop.stg_shop__customers"]["columns"].values())
