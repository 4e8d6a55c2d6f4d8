"""Definition, references, renaming and fixes of `whgen lsp`, by a real client over stdio."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_client import Editor
from whgen.pipeline import understand_texts

SHOP = {
    "warehouse.yml": """\
warehouse: shop
targets:
  dev: {warehouse: duckdb, path: shop.duckdb}
columns:
  customer_id:
    type: integer
    description: Number of the customer.
  status: string
""",
    "sources/shop.yml": """\
source: shop
location: {duckdb: {files: 'data/{table}.csv'}}
source_type: string
tables:
  customers:
    key: customer_id
    columns:
      customer_id: {tests: [not_null]}
      nm: {as: customer_name}
      city: string
      since:
        type: date
      status: {trim: true}
    where: "city <> \\"city\\" and `city` is not null"
    tests:
      - expression: length(city) > 1
  orders:
    key: order_id
    columns: {order_id: integer, customer_id: {}, amount: 'decimal(10, 2)', ordered: {as: ordered_on, type: date}, status: {}}
    derive:
      is_large:
        expr: >-
          amount
          > 100 and
          status = 'amount'
      doubled: {expr: 'amount * 2', type: 'decimal(12, 2)'}
""",
    "dimensions/customer.yml": """\
dimension: customer
description: A buyer \U0001f6d2 of things.
from: shop.customers
key: customer_id
columns:
  customer_name: {}
  city: {description: 'Where they live \U0001f3d9, a city.'}
unknown: {city: nowhere}
""",
    "dimensions/date.yml": "dimension: date\ncalendar: {from: 2020-01-01, to: 2020-12-31}\n",
    "facts/order.yml": """\
fact: order
grain: one row per order
from: shop.orders
key: order_id
dimensions:
  customer: customer_id
  date: {on: ordered_on}
degenerate: [order_id]
measures:
  amount: {additivity: additive}
  large_amount: {additivity: additive, type: 'decimal(10, 2)', expr: 'if(is_large, amount, 0)'}
""",
    "models/by_city.yml": """\
model: by_city
grain: one row per city
key: town
columns: {town: string, amount: 'decimal(38, 2)'}
sql: |
  select c.city as town, sum(f.amount) as amount
  from fact_order as f
  join dim_customer as c on c.customer_key = f.customer_key
  group by c.city
""",
}


def made(root: Path) -> Path:
    for name, text in SHOP.items():
        path = root / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    root = made(tmp_path_factory.mktemp("shop"))
    compilation, _ = understand_texts(root, {})
    assert [(str(d.span), d.message) for d in compilation.report] == []
    with Editor(root) as editor:
        for name in SHOP:
            editor.open(root / "specs" / name)
        editor.until_known("fact_order", "by_city")
        yield editor
    assert editor.exit_code == 0
    assert editor.told == []


def path(editor: Editor, name: str) -> Path:
    return editor.folders[0] / "specs" / name


ORDER, CUSTOMER, SOURCE, MODEL = "facts/order.yml", "dimensions/customer.yml", "sources/shop.yml", "models/by_city.yml"


@pytest.mark.parametrize(
    ("file", "on", "leads_to"),
    [
        (ORDER, "if(is_large, amo", "shop.yml:19: amount"),
        (ORDER, "if(is_la", "shop.yml:21: is_large"),
        (ORDER, "\n  amou", "shop.yml:19: amount"),
        (ORDER, "date: {on: ordered", "shop.yml:19: ordered"),
        (ORDER, "from: shop.ord", "shop.yml:17: orders"),
        (ORDER, "\n  custo", "customer.yml:1: customer"),
        (CUSTOMER, "  cit", "shop.yml:10: city"),
        (SOURCE, "          amo", "shop.yml:19: amount"),
        (SOURCE, "and `ci", "shop.yml:10: city"),
        (MODEL, "group by c.ci", "customer.yml:7: city"),
        (MODEL, "from fact_or", "order.yml:1: order"),
        (MODEL, "sum(f.amo", "order.yml:10: amount"),
        (ORDER, "grain: one r", ""),
        (CUSTOMER, "A buyer", ""),
    ],
)
def test_definition(shop: Editor, file: str, on: str, leads_to: str) -> None:
    assert shop.definition(path(shop, file), on) == leads_to


def test_references_of_a_column_are_all_that_share_its_name(shop: Editor) -> None:
    assert shop.references(path(shop, MODEL), "group by c.ci") == [
        "by_city.yml:6: city",
        "by_city.yml:9: city",
        "customer.yml:7: city",
        "shop.yml:10: city",
        "shop.yml:14: city",
        "shop.yml:14: city",
    ]
    assert shop.references(path(shop, ORDER), "from: shop.ord") == ["order.yml:3: shop.orders", "shop.yml:17: orders"]


def compiled(editor: Editor, changed: dict[Path, str]) -> dict[str, set[str]]:
    """The columns of all tables after a renaming; there is nothing wrong with it."""
    root = editor.folders[0]
    compilation, warehouse = understand_texts(root, {p.relative_to(root).as_posix(): text for p, text in changed.items()})
    assert [(str(d.span), d.message) for d in compilation.report] == []
    assert warehouse is not None
    return {t.name: {c.name for c in t.columns} for t in warehouse.tables}


def lines(editor: Editor, changed: dict[Path, str]) -> dict[str, list[str]]:
    """The lines that a renaming changes."""
    return {
        p.name: [new for old, new in zip(editor.texts[p].split("\n"), text.split("\n"), strict=True) if old != new]
        for p, text in changed.items()
    }


def test_renaming_follows_a_column_through_every_spec_and_every_style_of_sql(shop: Editor) -> None:
    changed = shop.rename(path(shop, MODEL), "group by c.ci", "home_town")
    assert lines(shop, changed) == {
        "shop.yml": [
            "      city: {as: home_town, type: string}",
            '    where: "home_town <> \\"city\\" and `home_town` is not null"',
            "      - expression: length(home_town) > 1",
        ],
        "customer.yml": ["  home_town: {description: 'Where they live \U0001f3d9, a city.'}", "unknown: {home_town: nowhere}"],
        "by_city.yml": ["  select c.home_town as town, sum(f.amount) as amount", "  group by c.home_town"],
    }
    tables = compiled(shop, changed)
    assert "home_town" in tables["dim_customer"]
    assert "city" not in tables["stg_shop__customers"]


def test_renaming_in_a_folded_text_leaves_words_that_are_no_columns(shop: Editor) -> None:
    changed = shop.rename(path(shop, SOURCE), "          amo", "value")
    found = lines(shop, changed)
    assert "amount: {as: value, type: 'decimal(10, 2)'}, ordered: {" in found["shop.yml"][0]
    assert found["shop.yml"][1:] == [
        "          value",
        "      doubled: {expr: 'value * 2', type: 'decimal(12, 2)'}",
    ]
    assert found["order.yml"] == [
        "  value: {additivity: additive}",
        "  large_amount: {additivity: additive, type: 'decimal(10, 2)', expr: 'if(is_large, value, 0)'}",
    ]
    assert found["by_city.yml"] == ["  select c.city as town, sum(f.value) as amount"]
    assert "value" in compiled(shop, changed)["fact_order"]


def test_renaming_takes_what_describes_the_column_along(shop: Editor) -> None:
    changed = shop.rename(path(shop, ORDER), "  customer: customer_i", "buyer_id")
    warehouse = changed[path(shop, "warehouse.yml")]
    assert warehouse.count("Number of the customer.") == 2
    assert "  buyer_id:\n    type: integer\n    description: Number of the customer.\n  customer_id:\n" in warehouse
    assert "customer_id: {as: buyer_id}" in changed[path(shop, SOURCE)]
    assert "buyer_id" in compiled(shop, changed)["stg_shop__orders"]


def test_renaming_a_column_in_a_block_mapping(shop: Editor) -> None:
    changed = shop.rename(path(shop, SOURCE), "      sin", "member_since")
    assert "      since:\n        as: member_since\n        type: date\n" in changed[path(shop, SOURCE)]
    assert "member_since" in compiled(shop, changed)["stg_shop__customers"]


def test_renaming_what_has_another_name_in_the_source(shop: Editor) -> None:
    changed = shop.rename(path(shop, CUSTOMER), "  customer_na", "full_name")
    assert lines(shop, changed) == {"shop.yml": ["      nm: {as: full_name}"], "customer.yml": ["  full_name: {}"]}
    compiled(shop, changed)


@pytest.mark.parametrize(
    ("file", "on", "new", "why"),
    [
        (CUSTOMER, "  cit", "customer_name", "`dim_customer` has a column `customer_name` already"),
        (CUSTOMER, "  cit", "Home Town", "`Home Town` cannot be the name of a column"),
        (CUSTOMER, "  cit", "null", "`null` cannot be the name of a column"),
        (ORDER, "grain: one r", "x", "no column is named here"),
        (MODEL, "c.customer_k", "x", "`customer_key` is not named in the specs"),
    ],
)
def test_what_cannot_be_renamed_is_said(shop: Editor, file: str, on: str, new: str, why: str) -> None:
    with pytest.raises(JsonRpcException, match=why):
        shop.rename(path(shop, file), on, new)


def test_what_may_be_renamed(shop: Editor) -> None:
    found = shop.ask("text_document_prepare_rename_async", path(shop, CUSTOMER), "'Where they li", kind=types.PrepareRenameParams)
    assert found is None
    found = shop.ask("text_document_prepare_rename_async", path(shop, CUSTOMER), "\n  cit", kind=types.PrepareRenameParams)
    assert (found.placeholder, found.range.start.character, found.range.end.character) == ("city", 2, 6)


def test_fixes_are_offered_and_mend(tmp_path: Path) -> None:
    root = made(tmp_path)
    fact = root / "specs" / ORDER
    with Editor(root) as editor:
        editor.open(fact)
        editor.until_known("fact_order")
        editor.write(fact, "additivity: additive, type", "additivty: additive, type")
        (found,) = editor.until(fact, lambda shown: [d.code for d in shown] == ["unknown-key"])
        params = types.CodeActionParams(
            text_document=types.TextDocumentIdentifier(uri=fact.as_uri()),
            range=types.Range(found.range.start, found.range.start),
            context=types.CodeActionContext(diagnostics=[found]),
        )
        (action,) = editor.request("text_document_code_action_async", params)
        assert (action.title, action.kind, list(action.diagnostics)) == ("Write `additivity`", types.CodeActionKind.QuickFix, [found])
        assert editor.after(action.edit) == {fact: SHOP[ORDER]}
        elsewhere = types.Position(0, 0)
        params.range = types.Range(elsewhere, elsewhere)
        assert not editor.request("text_document_code_action_async", params)
