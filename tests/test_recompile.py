"""Recompiling a part gives what compiling everything gives: whatever changes, and also where a rule looks at tables far apart."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest

from projects import REPOSITORY, write_project
from whgen import cache, pipeline, recompile
from whgen.compilation import Compilation
from whgen.pipeline import compile_specs, validate

PROJECT = {
    "specs/warehouse.yml": """warehouse: shop
targets:
  dev: {warehouse: duckdb, path: shop.duckdb}
  cloud: {warehouse: bigquery, project: shop, location: EU}
pii: {private: {}}
columns: {city: {type: string, description: Where.}}
""",
    "specs/web.yml": """source: web
location: {duckdb: {schema: web}, bigquery: {dataset: web}}
tables:
  customers:
    key: customer_id
    columns: {customer_id: integer, name: {type: string, pii: private}, city: string, since: date}
  orders:
    key: order_id
    tags: [web]
    columns: {order_id: integer, customer_id: integer, product_id: integer, amount: {type: 'decimal(10, 2)', default: 0}}
""",
    "specs/till.yml": """source: till
location: {duckdb: {schema: till}, bigquery: {dataset: till}}
tables:
  products:
    key: product_id
    columns: {product_id: integer, title: string}
  sales:
    key: sale_id
    columns: {sale_id: integer, customer_id: integer, product_id: integer, pieces: integer}
""",
    "specs/customer.yml": "dimension: customer\nfrom: web.customers\nkey: customer_id\ncolumns: [name, city]\n",
    "specs/product.yml": "dimension: product\nfrom: till.products\nkey: product_id\ncolumns: [title]\n",
    "specs/order.yml": """fact: order
grain: one row per order
from: web.orders
key: order_id
dimensions: {customer: {on: customer_id, missing: infer}}
measures: {amount: {additivity: additive}}
""",
    "specs/sale.yml": """fact: sale
grain: one row per sale
from: till.sales
key: sale_id
dimensions: {customer: {on: customer_id}, product: {on: product_id}}
measures: {pieces: {additivity: additive}}
""",
    "specs/top.yml": """model: top
columns: {title: {type: string}}
sql: select title from dim_product
""",
}
SCHEDULE = """schedule: nightly
target: dev
cron: 0 3 * * *
groups: {web: {tags: [web]}, rest: {layers: [staging, production]}}
"""
NEAR = {
    "an expression": ("order.yml", "amount: {additivity", "amount: {expr: amount * 2, additivity"),
    "a description of a source": ("till.yml", "source: till\n", "source: till\ndescription: New.\n"),
    "another type": ("web.yml", "since: date", "since: timestamp"),
    "a type that others keep": ("till.yml", "title: string", "title: {type: string, default: none}"),
    "a new column": ("till.yml", "title: string", "title: string, colour: string"),
    "a column less": ("customer.yml", "[name, city]", "[name]"),
    "a test of another table": (
        "till.yml",
        "sale_id: integer,",
        "sale_id: integer, other: {type: integer, tests: [{references: web.orders}]},",
    ),
    "another query": ("top.yml", "select title", "select upper(title) as title"),
    "no more personal data": ("web.yml", ", pii: private", ""),
}
FAR = {
    "a column that is the key of a dimension nobody near uses": (
        "top.yml",
        "columns: {title: {type: string}}\nsql: select title",
        "columns: {title: {type: string}, customer_id: {type: string}}\nsql: select title, title as customer_id",
    ),
    "a column that is the key of a dimension elsewhere": ("till.yml", "title: string", "title: string, customer_id: string"),
    "a new table": ("till.yml", "tables:\n", "tables:\n  more:\n    key: a\n    columns: {a: integer}\n"),
    "a name that is taken": ("top.yml", "model: top", "model: dim_customer"),
    "another name": ("product.yml", "dimension: product", "dimension: thing"),
    "the place of a source": ("till.yml", "duckdb: {schema: till}", "duckdb: {schema: production}"),
    "a description that the README shows": ("customer.yml", "from:", "description: Who buys.\nfrom:"),
    "members that are inferred no more": ("order.yml", ", missing: infer", ""),
    "members that are inferred now": ("sale.yml", "{on: product_id}", "{on: product_id, missing: infer}"),
    "another source": ("sale.yml", "from: till.sales\nkey: sale_id", "from: web.orders\nkey: order_id"),
    "a mistake": ("sale.yml", "till.sales", "till.sails"),
    "the project": ("warehouse.yml", "shop.duckdb", "other.duckdb"),
    "tags": ("web.yml", "tags: [web]", "tags: [other]"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompile, "LARGEST_PART", 1)


def same(one: Compilation, other: Compilation) -> bool:
    return (one.projects, one.workflow, list(one.report), dict(one.texts), one.default_target, one.schedules) == (
        other.projects,
        other.workflow,
        list(other.report),
        dict(other.texts),
        other.default_target,
        other.schedules,
    )


def changed(root: Path, file: str, before: str, after: str) -> None:
    path = root / "specs" / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.parametrize("edit", NEAR.values(), ids=NEAR)
def test_what_only_neighbours_see_takes_a_part(edit: tuple[str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_project(tmp_path, PROJECT)
    before = compile_specs(root, cached=True)
    changed(root, *edit)
    expected = compile_specs(root)
    assert not list(expected.report)
    assert expected.projects != before.projects
    monkeypatch.setattr("whgen.pipeline._compile", None)
    assert same(compile_specs(root, cached=True), expected)
    # And again from there, back to where it was.
    write_project(root, PROJECT)
    assert same(compile_specs(root, cached=True), before)


@pytest.mark.parametrize("more", [{}, {"specs/nightly.yml": SCHEDULE}], ids=["plain", "scheduled"])
@pytest.mark.parametrize("edit", [*NEAR.values(), *FAR.values()], ids=[*NEAR, *FAR])
def test_every_change_gives_the_same(edit: tuple[str, str, str], more: dict[str, str], tmp_path: Path) -> None:
    root = write_project(tmp_path, PROJECT | more)
    compile_specs(root, cached=True)
    changed(root, *edit)
    checked, expected = validate(root, cached=True), compile_specs(root)
    assert list(checked.report) == list(expected.report)
    assert same(compile_specs(root, cached=True), expected)


@pytest.mark.parametrize("seed", range(3))
def test_random_changes_give_the_same(seed: int, tmp_path: Path) -> None:
    """Words, numbers and types of the example are put in the place of others, one after the other; mistakes are taken back."""
    chance = random.Random(seed)
    shutil.copytree(REPOSITORY / "specs", tmp_path / "specs")
    shutil.copy(REPOSITORY / "sources.lock", tmp_path)
    files = sorted((tmp_path / "specs").rglob("*.yml"))
    compile_specs(tmp_path, cached=True)
    for _ in range(12):
        file = chance.choice(files)
        text = file.read_text(encoding="utf-8")
        words = [m for m in re.finditer(r"\w+", text) if m[0].isdecimal() == (chance.random() < 0.5)]
        at = chance.choice(words)
        file.write_text(text[: at.start()] + chance.choice(words)[0] + text[at.end() :], encoding="utf-8")
        expected = compile_specs(tmp_path)
        assert same(compile_specs(tmp_path, cached=True), expected), (file, at)
        if expected.report.has_errors:
            file.write_text(text, encoding="utf-8")


def test_two_files_that_change_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_project(tmp_path, PROJECT)
    compile_specs(root, cached=True)
    for edit in ("a new column", "an expression"):
        changed(root, *NEAR[edit])
    expected = compile_specs(root)
    monkeypatch.setattr("whgen.pipeline._compile", None)
    assert same(compile_specs(root, cached=True), expected)


def test_what_nobody_uses_any_more(tmp_path: Path) -> None:
    """In strict mode a part warns of what others use; that the last user goes is told all the same."""
    columns = "{id: {type: integer, description: I.}, at: {type: integer, description: A.}}"
    source = f"source: raw\nlocation: {{duckdb: {{schema: raw}}}}\ntables: {{a: {{description: A., key: id, columns: {columns}}}}}\n"
    fact = "fact: {0}\ndescription: F.\ngrain: one row per id\nfrom: raw.a\nkey: id\ndimensions: {{{1}}}\n"
    fact += "measures: {{at: {{additivity: additive}}}}\n"
    dimension = "dimension: {0}\ndescription: D.\nfrom: raw.a\nkey: id\ncolumns: [at]\n"
    root = write_project(
        tmp_path,
        {
            "specs/warehouse.yml": "warehouse: shop\nstrict: true\ntargets: {dev: {warehouse: duckdb, path: x.duckdb}}\n",
            "specs/raw.yml": source,
            **{f"specs/{name}.yml": dimension.format(name) for name in ("one", "two")},
            "specs/x.yml": fact.format("x", "one: {on: id}, two: {on: id}"),
            "specs/y.yml": fact.format("y", "two: {on: id}"),
        },
    )
    assert not list(compile_specs(root, cached=True).report)
    changed(root, "x.yml", "one: {on: id}, ", "")
    assert {d.code for d in compile_specs(root, cached=True).report} == {"not-used"}


def test_a_source_where_a_model_far_away_is_built(tmp_path: Path) -> None:
    source = "source: {0}\nlocation: {{duckdb: {{schema: {0}}}}}\ntables: {{{1}: {{key: id, columns: {{id: integer}}}}}}\n"
    root = write_project(
        tmp_path,
        {
            "specs/warehouse.yml": "warehouse: shop\ntargets: {dev: {warehouse: duckdb, path: x.duckdb}}\n",
            "specs/a.yml": source.format("a", "things"),
            "specs/b.yml": source.format("b", "dim_c"),
            "specs/c.yml": "dimension: c\nfrom: a.things\nkey: id\n",
        },
    )
    assert not list(compile_specs(root, cached=True).report)
    changed(root, "b.yml", "schema: b", "schema: production")
    assert {d.code for d in compile_specs(root, cached=True).report} == {"name-collision"}


def test_another_key_for_a_name_that_is_used_far_away(tmp_path: Path) -> None:
    source = "source: {0}\nlocation: {{duckdb: {{schema: {0}}}}}\ntables: {{things: {{key: {1}, columns: {{{1}: integer, {2}}}}}}}\n"
    root = write_project(
        tmp_path,
        {
            "specs/warehouse.yml": "warehouse: shop\ntargets: {dev: {warehouse: duckdb, path: x.duckdb}}\n",
            "specs/a.yml": source.format("a", "c_id", "c_code: integer"),
            "specs/b.yml": source.format("b", "id", "c_code: string"),
            "specs/c.yml": "dimension: c\nfrom: a.things\nkey: c_id\ncolumns: [c_code]\n",
        },
    )
    assert not list(compile_specs(root, cached=True).report)
    changed(root, "a.yml", "key: c_id", "key: c_code")
    changed(root, "c.yml", "key: c_id\ncolumns: [c_code]", "key: c_code\ncolumns: [c_id]")
    assert {d.code for d in compile_specs(root, cached=True).report} == {"conflicting-types"}


def test_members_that_are_inferred_now_where_a_model_far_away_counts_on_them(tmp_path: Path) -> None:
    till = PROJECT["specs/till.yml"].replace("title: string", "title: {type: string, default: none}")
    top = PROJECT["specs/top.yml"] + "  where title not in (select title from dim_product)\n"
    root = write_project(tmp_path, PROJECT | {"specs/till.yml": till, "specs/top.yml": top})
    assert not list(compile_specs(root, cached=True).report)
    changed(root, *FAR["members that are inferred now"])
    assert {d.code for d in compile_specs(root).report} == {"not-in-missing"}
    assert {d.code for d in compile_specs(root, cached=True).report} == {"not-in-missing"}


def test_the_project_in_one_file_with_tables(tmp_path: Path) -> None:
    both = f"{PROJECT['specs/warehouse.yml']}---\n{PROJECT['specs/product.yml']}"
    both = both.replace("columns: {", "columns: {twice: {description: Double.}, ")
    order = PROJECT["specs/order.yml"].replace("{amount: {", "{twice: {expr: amount * 2, ").replace(", missing: infer", "")
    files = {name: text for name, text in PROJECT.items() if name != "specs/product.yml"}
    root = write_project(tmp_path, files | {"specs/warehouse.yml": both, "specs/order.yml": order})
    assert not list(compile_specs(root, cached=True).report)
    changed(root, "warehouse.yml", "description: Double.", "description: Two times.")
    assert same(compile_specs(root, cached=True), compile_specs(root))


def test_a_part_that_lacks_something_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here it is not known that a fact infers members of the dimension: then the old part does not give what there is."""
    root = write_project(tmp_path, PROJECT)
    compile_specs(root, cached=True)
    inputs, data = cache.inputs_of(root), cache.recall(root, "generate")
    assert inputs is not None
    assert data is not None
    data["outline"]["reads"]["specs/customer.yml"].remove("specs/order.yml")
    cache.remember(root, "generate", inputs.digest, data)
    changed(root, "product.yml", "key: product_id", "key: product_id\nmeta: {a: b}")
    expected = compile_specs(root)
    whole: list[bool] = []
    compile_all = pipeline._compile
    monkeypatch.setattr(pipeline, "_compile", lambda *a, **k: whole.append(True) or compile_all(*a, **k))
    assert same(compile_specs(root, cached=True), expected)
    assert whole


def test_a_schedule_beside_a_table(tmp_path: Path) -> None:
    schedule = "---\nschedule: nightly\ntarget: dev\ncron: 0 3 * * *\ngroups: layer\n"
    root = write_project(tmp_path, PROJECT | {"specs/sale.yml": PROJECT["specs/sale.yml"] + schedule})
    compile_specs(root, cached=True)
    changed(root, "sale.yml", "0 3 * * *", "0 4 * * *")
    assert same(compile_specs(root, cached=True), compile_specs(root))


@pytest.mark.parametrize("damage", ["texts", "projects", "outline", "besides", "nodes", "files"])
def test_a_damaged_result_is_not_brought_up_to_date(damage: str, tmp_path: Path) -> None:
    root = write_project(tmp_path, PROJECT)
    compile_specs(root, cached=True)
    data = cache.recall(root, "generate")
    assert data is not None
    held = data if damage in data else data["projects"][0]
    for value in (None, [], {}, 1, "x", [{}], {"x": 1}):
        cache.remember(
            root, "generate", "0" * 64, {**data, "projects": [{**held, damage: value}]} if held is not data else {**data, damage: value}
        )
        changed(root, *NEAR["an expression"])
        assert same(compile_specs(root, cached=True), compile_specs(root))
        write_project(root, PROJECT)


@pytest.mark.parametrize("what", ["new file", "lost file", "other file", "renamed file"])
def test_files_that_come_and_go(what: str, tmp_path: Path) -> None:
    root = write_project(tmp_path, PROJECT)
    compile_specs(root, cached=True)
    specs = root / "specs"
    match what:
        case "new file":
            (specs / "new.yml").write_text("model: new\ncolumns: {a: {type: integer}}\nsql: select 1 as a\n", encoding="utf-8")
        case "lost file":
            (specs / "top.yml").unlink()
            changed(root, *NEAR["an expression"])
        case "other file":
            (specs / "notes.txt").write_text("x", encoding="utf-8")
        case _:
            (specs / "top.yml").rename(specs / "tip.yml")
    assert same(compile_specs(root, cached=True), compile_specs(root))


def test_a_large_part_is_not_worth_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_project(tmp_path, PROJECT)
    compile_specs(root, cached=True)
    monkeypatch.setattr(recompile, "LARGEST_PART", 0.1)
    changed(root, *NEAR["an expression"])
    monkeypatch.setattr("whgen.pipeline._compile_alone", None)
    assert same(compile_specs(root, cached=True), compile_specs(root))
