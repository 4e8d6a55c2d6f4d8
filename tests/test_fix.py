"""`validate --fix`: what is certain is mended, and nothing else of the user's files changes."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from projects import REPOSITORY, report_text, write_project
from test_errors import CASES, SOURCE, WAREHOUSE
from whgen.cli.app import app
from whgen.diagnostics.diagnostic import Edit, Fix, Report, Severity, Span
from whgen.diagnostics.edits import apart, edited, fitting
from whgen.diagnostics.similar import certain, distance, nearest
from whgen.fix.plan import level_of, plan_fixes
from whgen.fix.write import diff_of, write_fixes
from whgen.pipeline import validate

HEAD = "source: crm\nlocation: {duckdb: {schema: crm}, bigquery: {dataset: crm}}\ntables:\n  customers:\n"
BLOCK = "      place:\n        type: string\n        "
COLUMNS = "    columns: {name: string, city: string}\n    derive:\n"


def project(root: Path, **files: str) -> Path:
    """A project of the given specs (name without ending -> text), with a warehouse file."""
    return write_project(root, {"specs/warehouse.yml": WAREHOUSE} | {f"specs/{name}.yml": text for name, text in files.items()})


def fixed(root: Path) -> list[str]:
    """Fix a project; the codes of what was fixed."""
    plan = plan_fixes(root)
    assert write_fixes(plan, root) == []
    return [d.code for d in plan.fixed]


def whgen(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments, prog_name="whgen")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def errors(root: Path) -> int:
    return validate(root).report.errors


def by_level(report: Report) -> list[int]:
    """How many diagnostics there are of each kind, those first that keep others from being found."""
    levels = [level_of(d) for d in report]
    return [levels.count(level) for level in range(9)]


# Every style in which YAML writes a text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("      place: {type: string, expr: upper(nmae)}   # shouted\n", "      place: {type: string, expr: upper(name)}   # shouted\n"),
        (
            "      place: {type: string, expr: 'concat(nmae, ''x'', cty)'}\n",
            "      place: {type: string, expr: 'concat(name, ''x'', city)'}\n",
        ),
        (
            '      place: {type: string, expr: "concat(\\"\\u00fc\\", nmae)"}\n',
            '      place: {type: string, expr: "concat(\\"\\u00fc\\", name)"}\n',
        ),
        (
            BLOCK + "expr: |\n          case\n              when cty = 'x'  -- why\n              then nmae\n          end\n",
            BLOCK + "expr: |\n          case\n              when city = 'x'  -- why\n              then name\n          end\n",
        ),
        (
            "      place:\n        type: string\n        expr: >-\n          concat(nmae,\n          cty)\n",
            "      place:\n        type: string\n        expr: >-\n          concat(name,\n          city)\n",
        ),
        (
            "      place:\n        type: string\n        expr: concat(nmae,\n          cty)\n",
            "      place:\n        type: string\n        expr: concat(name,\n          city)\n",
        ),
        (
            "      place: {type: string, expr: \"concat('東京 🛫', nmae)\"}\n",
            "      place: {type: string, expr: \"concat('東京 🛫', name)\"}\n",
        ),
        ("      place: {type: varchar, expr: upper(name)}\n", "      place: {type: string, expr: upper(name)}\n"),
        ("      place: {'type': \"VARCHAR\", expr: upper(name)}\n", "      place: {'type': \"string\", expr: upper(name)}\n"),
        ('      place: {"tpye": string, expr: upper(name)}\n', '      place: {"type": string, expr: upper(name)}\n'),
        ("      place: {type: string, expr: upper(customers.name)}\n", "      place: {type: string, expr: upper(name)}\n"),
        ("      place: {type: 'numeric(10, 2)', expr: '1'}\n", "      place: {type: 'decimal(10, 2)', expr: '1'}\n"),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_only_the_words_change(before: str, after: str, ends: str, mark: bytes, tmp_path: Path) -> None:
    before = before.replace("cty", "cyti") if "nmae" not in before and "cty" in before else before.replace("cty", "ctiy")
    root, file = project(tmp_path, crm=""), tmp_path / "specs/crm.yml"
    file.write_bytes(mark + (HEAD + COLUMNS + before).replace("\n", ends).encode())
    assert fixed(root)
    assert file.read_bytes() == mark + (HEAD + COLUMNS + after).replace("\n", ends).encode()
    assert not validate(root).report.has_errors


@pytest.mark.parametrize(
    "place",
    [
        'place: {type: string, expr: "upper(n\\u006dae)"}',  # the name is written with an escape
        "place: {type: string, expr: upper(nm)}",  # as near to `name` as to `num`
        "place: {type: string, expr: \"upper('nmae'\"}",  # no name at all
        "place: {type: string, expr: upper(q2)}",  # another number
        "place: {type: string, expr: upper(orders.name)}",  # another table
        "place: {type: varchar(20), expr: upper(name)}",  # the length would be lost
        "place: {type: numeric, expr: '1'}",  # of which size?
    ],
)
def test_what_is_not_certain_stays(place: str, tmp_path: Path) -> None:
    root = project(tmp_path, crm=HEAD + "    columns: {name: string, num: string, q1: string}\n    derive:\n      " + place + "\n")
    before = (root / "specs/crm.yml").read_bytes()
    assert errors(root) == 1
    assert fixed(root) == []
    assert (root / "specs/crm.yml").read_bytes() == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("key: order_id\nkey: order_id\n", "key: order_id\n"),
        ("key: order_id   # the number\nmeta: {a: 1, b: 2, a: 1}\n", "key: order_id   # the number\nmeta: {a: 1, b: 2}\n"),
        ("key: order_id\nmeta:\n  a: 1\n  b: 2\n  a: 1", "key: order_id\nmeta:\n  a: 1\n  b: 2"),
        ("key: order_id\ncolumns: [order_id, status]\n", "key: order_id\ncolumns: [status]\n"),
        ("key: order_id\ncolumns: [status, order_id]\n", "key: order_id\ncolumns: [status]\n"),
        (
            "key: order_id\ncolumns:\n  - status\n  - order_id\n  # sums\n  - amount\n",
            "key: order_id\ncolumns:\n  - status\n  # sums\n  - amount\n",
        ),
        ("key: order_id\ndescription: An order: it's big\n", "key: order_id\ndescription: 'An order: it''s big'\n"),
        ("key: order_id\ndescription: `order`\n", "key: order_id\ndescription: '`order`'\n"),
        ("key: order_id\nunknown: {status: no}\ncolumns: [status]\n", "key: order_id\nunknown: {status: 'no'}\ncolumns: [status]\n"),
        ("key: Order_ID\nCOLUMNS: [Status]\n", "key: order_id\ncolumns: [status]\n"),
        ("ky: order_id\ncolums: [statsu]\nwhere: amuont > 1\n", None),
        ("key: order_id\ncolums: [statsu]\nwhere: amuont > 1\n", "key: order_id\ncolumns: [status]\nwhere: amount > 1\n"),
    ],
)
def test_documents(before: str, after: str | None, tmp_path: Path) -> None:
    head = "# orders\ndimension: order\nfrom: shop.orders\n"
    root = project(tmp_path, shop=SOURCE, order=head + before)
    fixed(root)
    text = (root / "specs/order.yml").read_text()
    if after is None:  # `ky` is too short to be sure of, and hides what else is wrong
        assert text == head + before.replace("colums", "columns")
        return
    assert text == head + after
    assert not len(validate(root).report), report_text(validate(root))


@pytest.mark.parametrize(
    "text",
    [
        "key: order_id\nkey: order_id  # it is the key\n",  # the comment would be lost
        "key: order_id\nkey: customer_id\n",
        "key: order_id\ncolumns: {order_id: {description: The number.}, status: {}}\n",
        "key: order_id\ncolumns: name: string\n",  # a mapping that lost its line
        "key: order_id\ncolumns: [status]\ncolums: [amount]\n",  # both are meant
    ],
)
def test_what_would_lose_something_stays(text: str, tmp_path: Path) -> None:
    root = project(tmp_path, shop=SOURCE, order="dimension: order\nfrom: shop.orders\n" + text)
    before = (root / "specs/order.yml").read_bytes()
    assert errors(root)
    fixed(root)
    assert (root / "specs/order.yml").read_bytes() == before


def test_names_across_files(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        shop=SOURCE,
        order="dimension: Order\nfrom: shop.ordrs\nkey: order_id\n",
        sale="fact: sale\ngrain: one row per order\nfrom: Shop.Orders\nkey: order_id\ndimensions: {Order: order_id}\n",
        sales="model: sales\nsql: |\n  select order_key\n  from production.fact_sale\ncolumns: {order_key: string}\n",
    )
    fixed(root)
    assert not len(validate(root).report), report_text(validate(root))
    assert (
        root / "specs/sales.yml"
    ).read_text() == "model: sales\nsql: |\n  select order_key\n  from fact_sale\ncolumns: {order_key: string}\n"
    assert "from: shop.orders\n" in (root / "specs/order.yml").read_text()


def test_sql_in_a_file(tmp_path: Path) -> None:
    root = project(tmp_path, shop=SOURCE, sales="model: sales\nfile: sales.sql\ncolumns: {amount: 'decimal(38, 9)'}\n")
    (root / "specs/sales.sql").write_bytes(b"select\r\n    sum(amonut) as amount  -- all\r\nfrom stg_shop__orders\r\n")
    assert fixed(root) == ["unknown-column"]
    assert (root / "specs/sales.sql").read_bytes() == b"select\r\n    sum(amount) as amount  -- all\r\nfrom stg_shop__orders\r\n"


# What a fix must not do


def test_a_fix_that_brings_another_mistake_is_left_out_and_the_others_are_made(tmp_path: Path) -> None:
    # A column of this name needs quotes in SQL.
    columns = "    columns: {select: string, name: string}\n    derive:\n"
    place = "      a: {type: string, expr: upper(selct)}\n      b: {type: string, expr: upper(nmae)}\n"
    root = project(tmp_path, crm=HEAD + columns + place)
    plan = plan_fixes(root)
    assert [d.fix for d in plan.left] == [None]
    assert ([d.message for d in plan.fixed], plan.refused) == (["`stg_crm__customers` has no column `nmae`"], 1)
    write_fixes(plan, root)
    assert (root / "specs/crm.yml").read_text() == HEAD + columns + place.replace("nmae", "name")


def test_two_keys_that_mean_one_are_not_made_the_same(tmp_path: Path) -> None:
    root = project(tmp_path, shop=SOURCE, order="dimension: order\nfrom: shop.orders\nkey: order_id\ncolums: [status]\ncolumn: [amount]\n")
    fixed(root)
    text = (root / "specs/order.yml").read_text()
    assert text.count("columns:") == 1
    assert errors(root) == 1


@pytest.mark.parametrize("case", CASES, ids=[f"{c.file.stem}: {c.title}" for c in CASES])
def test_no_error_case_gets_worse_and_every_fix_that_is_offered_can_be_made(case: object, tmp_path: Path) -> None:
    case.output(tmp_path)  # type: ignore[attr-defined]
    before = validate(tmp_path).report
    offered = sum(d.fix is not None for d in before)
    plan = plan_fixes(tmp_path)
    assert len(plan.fixed) >= offered - plan.refused
    assert by_level(plan.compilation.report) < by_level(before) or not plan.fixed
    write_fixes(plan, tmp_path)
    assert report_text(validate(tmp_path)) == report_text(plan.compilation)
    again = plan_fixes(tmp_path)
    assert (again.after, again.refused) == ({}, plan.refused)


def test_damaged_examples_never_get_worse(tmp_path: Path) -> None:
    """Letters of names swapped, left out and doubled, in the example specs: fixing them restores the very bytes, or leaves fewer errors."""
    chance = random.Random(7)
    specs = {p.relative_to(REPOSITORY).as_posix(): p.read_text(encoding="utf-8") for p in sorted((REPOSITORY / "specs").rglob("*.yml"))}
    restored = 0
    for number in range(40):
        root = write_project(tmp_path / str(number), specs)
        file = chance.choice(sorted(specs))
        words = [
            m
            for m in re.finditer(r"(?<![#\w])[a-z_]{5,}(?=[:,\]} \n])", specs[file])
            if "#" not in specs[file][: m.start()].split("\n")[-1]
        ]
        word = chance.choice(words)
        at = chance.randrange(word.start() + 1, word.end() - 1)
        damaged = specs[file][:at] + chance.choice(["", specs[file][at] * 2, specs[file][at + 1] + specs[file][at]]) + specs[file][at + 1 :]
        (root / file).write_text(damaged, encoding="utf-8")
        before = validate(root).report
        plan = plan_fixes(root)
        write_fixes(plan, root)
        after = validate(root).report
        assert by_level(after) < by_level(before) or not plan.fixed
        if not plan.fixed:
            assert (root / file).read_text(encoding="utf-8") == damaged
        if (root / file).read_text(encoding="utf-8") == specs[file] != damaged:
            restored += 1
    assert restored >= 5, "otherwise this tests nothing"


# Files


@pytest.fixture
def misspelt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one mistake in each of two files, which is the current folder."""
    root = project(
        tmp_path,
        shop=SOURCE,
        order="dimension: order\nfrom: shop.orders\nkey: order_id\ncolumns: [statsu]\n",
        sale="fact: sale\ngrain: one row per order\nfrom: shop.orders\nkey: order_id\nmesure: [amount]\n",
    )
    (root / "specs/sale.yml").write_text((root / "specs/sale.yml").read_text().replace("mesure", "measurs"))
    monkeypatch.chdir(root)
    return root


def test_modes_and_links_stay(misspelt: Path) -> None:
    real = misspelt / "elsewhere.yml"
    (misspelt / "specs/order.yml").rename(real)
    real.chmod(0o640)
    (misspelt / "specs/order.yml").symlink_to(real)
    assert fixed(misspelt) == ["unknown-key", "unknown-column"]
    assert (misspelt / "specs/order.yml").is_symlink()
    assert "columns: [status]" in real.read_text()
    assert real.stat().st_mode & 0o7777 == 0o640
    assert sorted(p.name for p in (misspelt / "specs").iterdir()) == ["order.yml", "sale.yml", "shop.yml", "warehouse.yml"]


def test_a_read_only_file_is_reported_and_the_others_are_fixed(misspelt: Path) -> None:
    file = misspelt / "specs/order.yml"
    before = file.read_bytes()
    file.chmod(0o444)
    result = whgen("validate", "--fix")
    assert result.exit_code == 1
    assert "error[output-failed]: `specs/order.yml` is read-only, or changed while it was checked" in result.stdout
    assert "has no column `statsu`" in result.stdout
    assert file.read_bytes() == before
    assert "measures:" in (misspelt / "specs/sale.yml").read_text()


def test_a_file_that_changes_meanwhile_is_not_overwritten(misspelt: Path) -> None:
    plan = plan_fixes(misspelt)
    (misspelt / "specs/order.yml").write_text("# somebody's work\n")
    (problem,) = write_fixes(plan, misspelt)
    assert problem.message == "`specs/order.yml` changed meanwhile, and was not fixed"
    assert (misspelt / "specs/order.yml").read_text() == "# somebody's work\n"
    assert "measures:" in (misspelt / "specs/sale.yml").read_text()


def test_a_file_that_goes_meanwhile_is_reported(misspelt: Path) -> None:
    plan = plan_fixes(misspelt)
    (misspelt / "specs/order.yml").unlink()
    (problem,) = write_fixes(plan, misspelt)
    assert problem.message == "`specs/order.yml` could not be written: No such file or directory"


def test_a_killed_command_leaves_the_old_or_the_new_file(misspelt: Path) -> None:
    file = misspelt / "specs/order.yml"
    old = file.read_text() + "# " + "x" * 2_000_000 + "\n"
    new = old.replace("statsu", "status")
    code = "import sys; from whgen.cli import main; sys.argv = ['whgen', 'validate', '--fix']; main()"
    seen = set()
    for delay in (0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 3.0):
        file.write_text(old)
        running = subprocess.Popen([sys.executable, "-c", code], cwd=misspelt, stdout=subprocess.DEVNULL, start_new_session=True)
        time.sleep(delay)
        os.killpg(running.pid, signal.SIGKILL) if running.poll() is None else None
        running.wait()
        text = file.read_text()
        assert text in (old, new)
        seen.add(text == new)
    assert True in seen


# The command


def test_the_command_says_what_it_fixed_and_what_is_left(misspelt: Path) -> None:
    with (misspelt / "specs/order.yml").open("a") as file:
        file.write("where: zzz > 1\n")
    before = whgen("validate")
    assert before.stdout.endswith("\n3 errors; 2 can be fixed with `whgen validate --fix`\n")
    result = whgen("validate", "--fix")
    assert result.exit_code == 1
    lines = ["fixed specs/sale.yml:5:1 unknown-key: write `measures`", "fixed specs/order.yml:4:11 unknown-column: write `status`", ""]
    assert result.stdout.split("\n")[:3] == lines
    assert result.stdout.endswith("\n1 error\n")


def test_nothing_left(misspelt: Path) -> None:
    result = whgen("validate", "--fix")
    assert (result.exit_code, result.stdout.split("\n")[-2]) == (0, "4 files, nothing wrong")
    assert whgen("validate", "--fix").stdout == "4 files, nothing wrong\n"
    assert whgen("validate", "--fix", "--quiet").stdout == ""


def test_the_diff_is_a_patch_and_nothing_is_written(misspelt: Path) -> None:
    (misspelt / "specs/order.yml").write_bytes((misspelt / "specs/order.yml").read_bytes().replace(b"\n", b"\r\n").removesuffix(b"\r\n"))
    before = {p: p.read_bytes() for p in (misspelt / "specs").iterdir()}
    result = whgen("validate", "--fix", "--diff")
    assert result.exit_code == 1
    assert {p: p.read_bytes() for p in before} == before
    applied = subprocess.run(["git", "apply", "-p1", "-"], input=result.stdout_bytes, cwd=misspelt, capture_output=True)
    assert applied.returncode == 0, applied.stderr
    assert (misspelt / "specs/order.yml").read_bytes().endswith(b"columns: [status]")
    assert whgen("validate").exit_code == 0
    assert whgen("validate", "--fix", "--diff").stdout == ""
    assert list(diff_of(plan_fixes(misspelt))) == []


@pytest.mark.parametrize("arguments", [["--diff"], ["--fix", "--diff", "--format", "json"]])
def test_a_diff_is_text_of_a_fix(arguments: list[str], misspelt: Path) -> None:
    assert whgen("validate", *arguments).exit_code == 2


def test_json_carries_the_fixes(misspelt: Path) -> None:
    found = json.loads(whgen("validate", "--format", "json").stdout)["diagnostics"]
    assert [d["fix"]["title"] for d in found] == ["write `status`", "write `measures`"]
    assert found[0]["fix"] == {
        "title": "write `status`",
        "edits": [{"file": "specs/order.yml", "line": 4, "column": 11, "end_line": 4, "end_column": 17, "old": "statsu", "new": "status"}],
    }
    after = json.loads(whgen("validate", "--fix", "--format", "json").stdout)
    assert (after["errors"], [d["code"] for d in after["fixed"]]) == (0, ["unknown-key", "unknown-column"])


@pytest.mark.parametrize(
    ("written", "sql"), [("1", "'1'"), ("2.5", "'2.5'"), ("{duckdb: 3, bigquery: '3'}", "{duckdb: '3', bigquery: '3'}")]
)
def test_a_value_where_sql_belongs_is_quoted(written: str, sql: str, tmp_path: Path) -> None:
    text = HEAD + COLUMNS + f"      one: {{type: float, expr: {written}}}\n"
    root = project(tmp_path, crm=text)
    assert fixed(root) == ["wrong-type"]
    assert (root / "specs/crm.yml").read_text() == HEAD + COLUMNS + f"      one: {{type: float, expr: {sql}}}\n"
    assert errors(root) == 0


def test_a_condition_that_yaml_takes_for_a_value(tmp_path: Path) -> None:
    columns = "    columns: {name: string}\n"
    root = project(tmp_path, crm=HEAD + columns + "    where: true\n")
    assert fixed(root) == ["wrong-type"]
    assert (root / "specs/crm.yml").read_text() == HEAD + columns + "    where: 'true'\n"
    (root / "specs/crm.yml").write_text(HEAD + columns + "    where: 3\n")
    assert fixed(root) == []


def test_a_number_that_is_not_written_as_it_is_read_stays(tmp_path: Path) -> None:
    root = project(tmp_path, crm=HEAD + COLUMNS + "      one: {type: string, expr: 0x10}\n")
    assert fixed(root) == []


# Edits


def at(column: int, end: int, *, line: int = 1) -> Span:
    return Span(file="f.yml", line=line, column=column, end_line=line, end_column=end)


def test_of_fixes_that_overlap_the_first_is_made() -> None:
    first, second, third = (Fix(title="", edits=(Edit(span=span, old="", new="x"),)) for span in (at(1, 4), at(3, 6), at(4, 6)))
    assert apart([first, second, third]) == [first, third]


def test_a_fix_fits_only_what_it_was_made_for() -> None:
    fix = Fix(title="", edits=(Edit(span=at(4, 7), old="abc", new="x"),))
    assert fitting(fix, {"f.yml": "a: abc"}) == fix
    assert fitting(fix, {"f.yml": "a: abd"}) is None
    assert fitting(fix, {"f.yml": ""}) is None
    assert fitting(fix, {}) is None


@given(st.lists(st.sampled_from(["a", "é", "🛫", "\n", "\r\n", "\ufeff", " "]), max_size=30), st.data())
def test_an_edit_changes_only_its_place(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts).replace("\ufeff", "") if data.draw(st.booleans()) else "\ufeff" + "".join(parts).replace("\ufeff", "")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    line = data.draw(st.integers(1, len(lines)))
    column = data.draw(st.integers(1, len(lines[line - 1]) + 1))
    end = data.draw(st.integers(column, len(lines[line - 1]) + 1))
    old = lines[line - 1][column - 1 : end - 1]
    after = edited(text, [Edit(span=at(column, end, line=line), old=old, new="NEW")])
    assert edited(after, [Edit(span=at(column, column + 3, line=line), old="NEW", new=old)]) == text
    assert after.count("\r\n") == text.count("\r\n")
    assert after.startswith("\ufeff") == text.startswith("\ufeff")


# Names


def slow_distance(one: str, other: str) -> int:
    """The definition, without any short cut."""
    rows = [[max(i, j) if not i or not j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (one[i - 1] != other[j - 1]))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(st.text("abc_", max_size=9), st.text("abc_", max_size=9), st.integers(0, 5))
def test_the_distance_is_what_it_is_defined_to_be(one: str, other: str, limit: int) -> None:
    assert distance(one, other, limit=limit) == min(slow_distance(one, other), limit + 1)


@pytest.mark.parametrize(
    ("name", "known", "near", "sure"),
    [
        ("di", ["id", "city"], "id", None),
        ("ib", ["id"], "id", None),
        ("xy", ["id"], None, None),
        ("lat", ["lon", "alt"], "alt", None),
        ("nam", ["name", "city"], "name", "name"),
        ("q2", ["q1"], "q1", None),
        ("address_2", ["address_1"], "address_1", None),
        ("price_a", ["price_b"], "price_b", None),
        ("is_on", ["is_no"], "is_no", None),
        ("statsu", ["status"], "status", "status"),
        ("stats", ["status", "state"], "state", None),
        ("customerId", ["customer_id"], "customer_id", "customer_id"),
        ("ORDER_ID", ["order_id", "order_ids"], "order_id", "order_id"),
        ("orderid", ["order_id", "order__id"], "order__id", None),
        ("name_first", ["first_name", "last_name"], "first_name", None),
        ("depature_time", ["departure_time", "arrival_time"], "departure_time", "departure_time"),
        ("arrival", ["departure"], None, None),
    ],
)
def test_near_and_certain(name: str, known: list[str], near: str | None, sure: str | None) -> None:
    assert (nearest(name, known), certain(name, known)) == (near, sure)


@given(st.text("abcd_", min_size=1, max_size=8), st.lists(st.text("abcd_", min_size=1, max_size=8), max_size=6))
def test_what_is_certain_is_also_near(name: str, known: list[str]) -> None:
    sure = certain(name, known)
    assert sure is None or sure in known
    if sure is not None and name not in known:
        assert nearest(name, known) is not None


def test_warnings_are_fixed_last(tmp_path: Path) -> None:
    root = project(
        tmp_path, shop=SOURCE, order="dimension: order\nfrom: shop.orders\nkey: order_id\ncolums: [status]\nunknown: {status: on}\n"
    )
    found = list(validate(root).report)
    assert {d.severity for d in found} == {Severity.ERROR, Severity.WARNING}
    assert fixed(root) == ["unknown-key", "ambiguous-word"]
