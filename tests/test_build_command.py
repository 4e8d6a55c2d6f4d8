"""`whgen build`, `run`, `test` and selections, with real dbt: what is shown, how it ends, and that it always ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from click.testing import CliRunner, Result

from projects import release, write_project
from whgen.cli.app import app
from whgen.cli.lines import layout
from whgen.dbt import run as dbt_run
from whgen.dbt.events import Invocation, NodeFinished, Outcome, Status
from whgen.dbt.failures import essence, report_outcome
from whgen.diagnostics.diagnostic import Report, Span

WHGEN = Path(sys.executable).with_name("whgen")
CONTROL = re.compile(r"\x1b(\[[?0-9;]*[A-Za-z]|.)")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The project of `whgen init`, and what its first build said."""
    root = tmp_path_factory.mktemp("built") / "shop"
    assert whgen("init", str(root)).exit_code == 0
    result = whgen("-C", str(root), "build")
    assert result.exit_code == 0, result.output
    return root, result


@pytest.fixture
def shop(built: tuple[Path, Result], tmp_path: Path) -> Path:
    """A copy of the project that was built."""
    return Path(shutil.copytree(built[0], tmp_path / "shop"))


def whgen(*arguments: str) -> Result:
    """A command in this process."""
    result = CliRunner().invoke(app, arguments, prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def environment(**variables: str) -> dict[str, str]:
    dropped = ("NO_COLOR", "CI", "PYTHONDONTWRITEBYTECODE", "COLUMNS", "FORCE_COLOR")
    return {k: v for k, v in os.environ.items() if k not in dropped} | variables


def start(*arguments: str, cwd: Path, **variables: str) -> subprocess.Popen[str]:
    """A command in a process of its own, that SIGINT reaches alone."""
    return subprocess.Popen(
        [str(WHGEN), *arguments],
        cwd=cwd,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def spoil(root: Path, name: str, before: str, after: str) -> None:
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def hand_written(root: Path, **models: str) -> None:
    """Add hand-written models: name -> SQL."""
    for name, sql in models.items():
        spec = f"model: {name}\nfile: {name}.sql\nkey: n\ncolumns: {{n: integer}}\n"
        write_project(root, {f"specs/models/{name}.yml": spec, f"specs/models/{name}.sql": sql})


# A build that succeeds


def test_first_build(built: tuple[Path, Result]) -> None:
    root, result = built
    lines = result.output.splitlines()
    assert lines[0] == "build on dev"
    assert re.fullmatch(r" . fact_order +5 rows +\d+\.\d\d s", next(line for line in lines if re.match(r" . fact_order  ", line)))
    assert re.match(r"Done in \d+\.\d s: 5 built, 23 tests passed\. Log: ", lines[-1])
    assert "\x1b" not in result.output
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        assert connection.sql("SELECT COUNT(*) FROM production.fact_order").fetchall() == [(5,)]


def test_nothing_but_the_summary_and_no_noise_at_exit(shop: Path) -> None:
    ran = start("-q", "build", cwd=shop, PYTHONIOENCODING="ascii", FORCE_COLOR="1")
    out, err = ran.communicate(timeout=60)
    assert ran.returncode == 0, out + err
    assert re.fullmatch(r"Done in \S+ s: 5 built, 23 tests passed\. Log: generated/duckdb/logs/dbt\.log\n", out)
    assert err == ""


def test_run_builds_and_test_tests(shop: Path) -> None:
    ran = json.loads(whgen("-C", str(shop), "run", "--json", "--threads", "1").stdout)
    assert (ran["ok"], ran["totals"]["built"], ran["totals"]["tests_passed"]) == (True, 5, 0)
    assert {n["name"]: n["rows"] for n in ran["nodes"]}["fact_order"] == 5
    tested = json.loads(whgen("-C", str(shop), "test", "--json", "--select", "staging").stdout)
    assert (tested["ok"], tested["totals"]["built"]) == (True, 0)
    assert tested["totals"]["tests_passed"] == 9


def test_selections(shop: Path) -> None:
    def listed(*arguments: str) -> set[str]:
        return {n["name"] for n in json.loads(whgen("-C", str(shop), "ls", "--json", "--kind", "model", *arguments).stdout)}

    assert listed("-s", "staging") == {"stg_shop__customers", "stg_shop__orders"}
    assert listed("-s", "production", "--exclude", "dim_date") == {"dim_customer", "fact_order"}
    assert listed("-s", "stg_shop__customers+") == {"stg_shop__customers", "dim_customer"}
    built = whgen("-C", str(shop), "build", "--select", "stg_shop__customers+", "--exclude", "test_type:generic", "--full-refresh")
    assert built.exit_code == 0, built.output
    assert "2 built" in built.output


@pytest.mark.parametrize("command", ["build", "ls"])
def test_selection_that_matches_nothing(command: str, shop: Path) -> None:
    result = whgen("-C", str(shop), command, "--select", "dim_custmer")
    assert result.exit_code == 1
    assert "error[no-node-selected]: the selection matches nothing" in result.stderr
    assert "`whgen ls`" in result.stderr


def test_selection_builds_in_a_new_folder(tmp_path: Path) -> None:
    """Tests of tables behind the selection, which are not there yet, are not run."""
    whgen("init", str(tmp_path), "--name", "shop")
    result = whgen("-C", str(tmp_path), "build", "-s", "staging")
    assert result.exit_code == 0, result.output
    assert "2 built, 7 tests passed" in result.output


# A build that fails


def test_failures_come_last_at_their_place_in_the_specs_with_examples(shop: Path) -> None:
    with (shop / "data/raw/orders.csv").open("a", encoding="utf-8") as file:
        file.write("105,2,2025-03-01,-1.00,2025-03-02T12:00:00Z\n")
    hand_written(
        shop,
        broken="select nn as n from {{ ref('stg_shop__customers') }}",
        child="select n from {{ ref('broken') }}",
        jinja="{% if execute %}{{ 1 / 0 }}{% endif %} select 1 as n",
        catalog="{% set found = run_query('select * from nope.nope') %}select 1 as n",
        castles="select cast('x' || customer_name as integer) as n from {{ ref('stg_shop__customers') }} where {{ 1 }} = 1",
    )
    ran = start("build", cwd=shop)
    out, err = ran.communicate(timeout=60)
    assert (ran.returncode, err) == (1, ""), out
    progress, failures = out.split("error[", 1)
    assert "✗ stg_shop__orders__amount__at_least  1 row" in progress
    assert not re.search(r"__\w+ +skipped", progress), "tests of a table that was not built are only counted"
    blocks = {m[1]: m[0] for m in re.finditer(r"(?:model|test)-failed\]: .*?`(\w+)`.*?(?=error\[|\Z)", failures, re.DOTALL)}
    assert set(blocks) == {"broken", "jinja", "catalog", "castles", "stg_shop__orders__amount__at_least"}
    test = blocks["stg_shop__orders__amount__at_least"]
    assert "specs/sources/shop.yml:" in test
    assert "amount: {type: 'decimal(10, 2)'" in test
    assert "-1.00" in test
    assert "the SQL that ran: generated/duckdb/target/compiled/" in test
    assert 'Referenced column "nn" not found' in blocks["broken"]
    assert "specs/models/broken.yml:1:8" in blocks["broken"]
    assert "division by zero" in blocks["jinja"]
    assert 'Table with name "nope.nope" does not exist' in blocks["catalog"]
    assert "Conversion Error: Could not convert string" in blocks["castles"]
    *_, count, last = failures.rstrip().splitlines()
    assert count == "5 errors"
    found = re.match(r"Failed after \S+ s: (\d) built, (\d+) tests passed, (\d+) skipped, 5 failed\. Log: ", last)
    assert found
    assert int(found[3]) > 10, "skipped children are counted"


def test_raw_files_that_are_missing_or_lack_a_column(shop: Path) -> None:
    (shop / "data/raw/customers.csv").unlink()
    spoil(shop, "data/raw/orders.csv", "amount", "price")
    ran = start("build", "-s", "staging", cwd=shop)
    out, _ = ran.communicate(timeout=60)
    assert ran.returncode == 1
    assert "`stg_shop__customers` could not be built: there is no file `data/raw/customers.csv`" in out
    assert "`location:`" in out
    assert "`stg_shop__orders` could not be built: the table that it reads has no column `amount`" in out
    assert "specs/sources/shop.yml:16:3" in out


def test_raw_file_that_is_no_text(shop: Path) -> None:
    (shop / "data/raw/customers.csv").write_bytes(b"id,name,country\n1,\xff\xfe,gb\n")
    result = whgen("-C", str(shop), "build", "-s", "stg_shop__customers")
    assert result.exit_code == 1
    assert "This file is not utf-8 encoded" in result.output
    assert "Auto-Detected" not in result.output


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select {{ n }", "unexpected '}'"),
        ("select {{ 1 / 0 }} as n", "division by zero"),
        ("select n from {{ ref('dim_custmer') }}", "it reads `dim_custmer`, which does not exist"),
    ],
)
def test_model_that_dbt_cannot_parse(sql: str, message: str, shop: Path) -> None:
    hand_written(shop, odd=sql)
    result = whgen("-C", str(shop), "build", "-s", "odd")
    assert result.exit_code == 1
    assert "error[dbt-failed]" in result.output
    assert message in result.output
    assert "specs/models/odd.yml:1:8" in result.output
    assert "did you mean `dim_customer`?" in result.output or "custmer" not in sql


def test_database_that_another_process_holds(shop: Path) -> None:
    code = "import duckdb, sys; c = duckdb.connect('shop.duckdb'); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=shop, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        result = whgen("-C", str(shop), "build")
    finally:
        holder.communicate("")
    assert result.exit_code == 1
    assert "error[database-locked]: the database file" in result.output
    assert f"(process {holder.pid})" in result.output
    assert "Traceback" not in result.output


def test_adapter_that_is_missing(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(shop, "specs/warehouse.yml", "  # prod:", "  prod:")
    spoil(shop, "specs/sources/shop.yml", "location:\n", "location:\n  bigquery: {dataset: raw}\n")
    monkeypatch.setattr("whgen.dbt.session.adapter_is_installed", lambda warehouse: warehouse == "duckdb")
    result = whgen("-C", str(shop), "build", "-t", "prod")
    assert result.exit_code == 1
    assert "error[dbt-not-installed]: dbt has no adapter for bigquery here" in result.stderr
    assert "pip install dbt-bigquery" in result.stderr


def test_adapter_is_looked_for() -> None:
    from whgen.dbt.session import adapter_is_installed

    assert adapter_is_installed("duckdb")
    assert not adapter_is_installed("papyrus")


def test_database_in_a_folder_that_is_missing(shop: Path) -> None:
    spoil(shop, "specs/warehouse.yml", "path: shop.duckdb", "path: nowhere/shop.duckdb")
    result = whgen("-C", str(shop), "build")
    assert result.exit_code == 1
    assert "error[dbt-failed]" in result.output
    assert "nowhere" in result.output


# A build that is stopped


SLOW = "select count(*) as n from range(300000) a, range(300001) b where hash(a.range, b.range) % 7 = {{ 3 }}"


def test_interrupted_build_ends_soon_and_lets_go(shop: Path) -> None:
    hand_written(shop, slow=SLOW)
    process = start("build", "--threads", "3", cwd=shop)
    assert process.stdout is not None
    seen = ""
    while "dim_customer__" not in seen:
        line = process.stdout.readline()
        assert line, seen
        seen += line
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    rest, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - began < 5
    assert err == ""
    assert "error[" not in rest
    assert re.search(r"Interrupted after \S+ s: \d built, .*Log: ", rest)
    with duckdb.connect(str(shop / "shop.duckdb")) as connection:
        assert connection.sql("SELECT COUNT(*) FROM production.dim_customer").fetchall() == [(7,)]


@pytest.mark.parametrize("delay", [0.06, 0.4, 1.0])
def test_interrupted_before_dbt_begins(delay: float, shop: Path) -> None:
    process = start("build", cwd=shop)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    if process.returncode == -signal.SIGINT and "whgen/cli" not in err:
        pytest.skip("Python had not come as far as whgen yet")
    assert process.returncode == 130
    assert "Traceback" not in out + err


@pytest.mark.parametrize("arguments", ["build", "build --json"])
def test_reader_that_leaves_early(arguments: str, shop: Path) -> None:
    """The build goes on, and its exit code says how it ended."""
    spoil(shop, "data/raw/orders.csv", "19.90", "-19.90")
    line = f"{WHGEN} {arguments} | head -1; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", line], cwd=shop, env=environment(), capture_output=True, text=True, timeout=60)
    assert ran.stdout.splitlines()[-1] == "1"
    assert ran.stderr == ""


def test_exception_while_events_are_shown_does_not_hang_dbt(shop: Path) -> None:
    """An exception in one of dbt's callbacks would leave it waiting for ever."""

    def fail(_: object) -> None:
        raise RuntimeError("oops")

    invocation = Invocation(command="run", project=shop / "generated/duckdb", root=shop, target="dev", select=("staging",))
    with pytest.raises(RuntimeError, match="oops"):
        dbt_run.run(invocation, fail)
    release()


def test_exception_while_events_are_read_does_not_hang_dbt(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(dbt_run, "row_count", fail)
    invocation = Invocation(command="run", project=shop / "generated/duckdb", root=shop, target="dev", select=("dim_date",))
    with pytest.raises(RuntimeError, match="oops"):
        dbt_run.run(invocation, lambda _: None)
    release()


def test_surroundings_are_as_before(shop: Path) -> None:
    before, folder, handler = dict(os.environ), Path.cwd(), signal.getsignal(signal.SIGINT)
    whgen("-C", str(shop), "test", "-s", "stg_shop__orders")
    # pytest keeps the name of the running test in a variable of its own.
    assert dict(os.environ) == before
    assert Path.cwd() == folder
    assert signal.getsignal(signal.SIGINT) is handler
    with duckdb.connect(str(shop / "shop.duckdb")):
        pass


# What a terminal shows


class Screen:
    """A terminal that knows what the live display uses, and notes everything else."""

    def __init__(self, columns: int) -> None:
        self.columns, self.lines, self.row, self.column = columns, [[" "] * columns], 0, 0
        self.wrapped: set[int] = set()
        self.unknown: set[str] = set()

    def feed(self, text: str) -> Screen:
        for match in re.finditer(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b.|[^\x1b]", text):
            if match[2]:
                self._control(match[1], match[2])
            elif match[0] == "\r":
                self.column = 0
            elif match[0] == "\n":
                self._down()
            elif match[0] >= " ":
                self._put(match[0])
            else:
                self.unknown.add(match[0])
        return self

    def _control(self, argument: str, letter: str) -> None:
        if letter == "A":
            self.row = max(self.row - int(argument or 1), 0)
        elif letter == "K" and argument == "2":
            self.lines[self.row] = [" "] * self.columns
        elif (letter, argument) not in {("h", "?25"), ("l", "?25")} and letter != "m":
            self.unknown.add(argument + letter)

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([" "] * self.columns)

    def _put(self, character: str) -> None:
        if self.column == self.columns:
            self.wrapped.add(self.row)
            self._down()
            self.column = 0
        self.lines[self.row][self.column] = character
        self.column += 1

    @property
    def text(self) -> str:
        return "\n".join("".join(line).rstrip() for line in self.lines).rstrip()


def on_a_terminal(*arguments: str, cwd: Path, columns: int, **variables: str) -> tuple[int, str]:
    """A command on a pseudo-terminal: its exit code, and all that it wrote."""
    import fcntl
    import pty
    import struct
    import termios

    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [str(WHGEN), *arguments],
        cwd=cwd,
        env=environment(**{"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **variables}),
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    written = bytearray()

    def read() -> None:
        try:
            while data := os.read(parent, 65536):
                written.extend(data)
        except OSError:  # Linux says so when the other side is closed
            return

    reader = threading.Thread(target=read)
    reader.start()
    code = process.wait(timeout=60)
    reader.join(timeout=10)
    os.close(parent)
    return code, written.decode("utf-8")


@pytest.mark.parametrize("columns", [120, 40])
def test_live_display(columns: int, shop: Path) -> None:
    spoil(shop, "data/raw/orders.csv", "19.90", "-19.90")
    code, written = on_a_terminal("build", cwd=shop, columns=columns)
    screen = Screen(columns).feed(written)
    assert code == 1
    assert screen.unknown == set()
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1, "the cursor is shown again"
    lines = screen.text.split("error[")[0].splitlines()
    assert lines[0] == "build on dev"
    tables = [line for line in lines[1:] if re.match(r" \S \S", line)]
    assert len(tables) == 5
    assert sum("✓" in line[2:] for line in tables) == 2, "what their tests came to"
    failed = next(line for line in tables if line.startswith(" ✗"))
    assert failed.endswith("✗ 1 of 4 tests" if columns == 120 else "✗ 1/4")
    assert any(re.match(r"    ✗ stg_shop\S+at_least  1 row$", line) for line in lines)
    assert not {n for n in screen.wrapped if n < len(lines)}, "no line of a table is longer than the screen"
    assert re.search(r"Failed after \S+ s:", screen.text.replace("\n", ""))
    assert "━" not in screen.text, "the bar is gone"


@pytest.mark.parametrize("variable", ["NO_COLOR", "CI", "TERM"])
def test_terminal_that_wants_no_control_characters(variable: str, shop: Path) -> None:
    code, written = on_a_terminal("run", "-s", "staging", cwd=shop, columns=80, **{variable: "dumb"})
    assert code == 0
    assert "\x1b" not in written
    assert "2 built" in written


def test_narrow_lines_fit() -> None:
    nodes = [SimpleNamespace(name=f"stg_source__{'table' * 9}", kind="model", layer="staging")]
    for width in (40, 60, 71, 72, 100):
        look = layout(nodes, width=width, unicode=True)  # type: ignore[arg-type]
        node = NodeFinished(name=nodes[0].name, kind="model", status=Status.OK, seconds=99.9, rows=1_234_567)
        assert len(look.table(node).plain) <= width


# dbt's words


def test_essence_of_messages() -> None:
    assert essence("") == ("it gave no reason", [])
    assert essence("Database Error\n  connection refused") == ("connection refused", [])
    found = essence(
        "Compilation Error in model m (models/m.sql)\n  'x' is undefined\n  \n  > in macro y (macros/y.sql)\n  > called by model m"
    )
    assert found == ("'x' is undefined", [])
    assert len(essence("\n".join(f"line {n}" for n in range(99)))[1]) == 13


@pytest.mark.parametrize(
    "text",
    [
        'IO Error: Could not set lock on file "/tmp/a b/shop.duckdb": Conflicting lock is held in /usr/bin/python3 (PID 7).',
        'IO Error: Cannot open file "C:\\shop.duckdb": The process cannot access the file because it is being used by another process.',
    ],
)
def test_locked_database(text: str, tmp_path: Path) -> None:
    report = Report()
    invocation = Invocation(command="build", project=tmp_path, root=tmp_path, target="dev")
    report_outcome(Outcome(nodes=(), error=text, log=tmp_path / "dbt.log"), invocation, {"m": Span(file="specs/m.yml")}, report)
    (diagnostic,) = report
    assert diagnostic.code == "database-locked"
    assert "shop.duckdb` is in use by" in diagnostic.message


def test_lost_values_and_missing_members_are_named(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    assert whgen("init", str(root)).exit_code == 0
    spoil(root, "specs/facts/order.yml", "missing: infer", "missing: fail")
    orders = root / "data/raw/orders.csv"
    orders.write_text(orders.read_text(encoding="utf-8") + "106,3,2025-13-01,1.00,2025-03-02T12:00:00Z\n", encoding="utf-8")
    lost = whgen("-C", str(root), "build")
    assert lost.exit_code == 1
    assert "`stg_shop__orders__casts_keep_values` found 1 lost value\n" in lost.output
    assert re.search(r"column_name +lost_values +first_lost +last_lost\n +order_date +1 +2025-13-01 +2025-13-01\n", lost.output)
    spoil(root, "data/raw/orders.csv", "2025-13-01", "2025-03-01")
    missing = whgen("-C", str(root), "build")
    assert missing.exit_code == 1
    assert "`fact_order__customer_key__members_exist` found 1 row\n" in missing.output
    assert re.search(r"customer_id +_fact_rows +_member_key\n +7 +1 +[0-9a-f]{32}\n", missing.output), missing.output


def test_testing_what_is_not_built_says_so_once(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    assert whgen("init", str(root)).exit_code == 0
    result = whgen("-C", str(root), "test")
    assert result.exit_code == 1
    assert re.search(r"error\[not-built\]: [0-9]+ tests could not run on `dev`: what they read is not there", result.output)
    assert "`whgen build`" in result.output
    assert "1 error\n" in result.output


def test_no_project_is_left_behind_by_a_build_of_another(shop: Path) -> None:
    spec = shop / "specs/warehouse.yml"
    other = "targets:\n  cloud: {warehouse: bigquery, project: acme, location: EU}\n"
    spec.write_text(spec.read_text(encoding="utf-8").replace("targets:\n", other, 1), encoding="utf-8")
    source = "bigquery: {dataset: raw}"
    spoil(shop, "specs/sources/shop.yml", "location:\n", f"location:\n  {source}\n")
    result = whgen("-C", str(shop), "build", "--target", "dev", "--select", "stg_shop__customers")
    assert result.exit_code == 0, result.output
    assert whgen("-C", str(shop), "generate", "--check").exit_code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,name,country\n1,Ada,gb\n2,Grace,us,x\n", "customers.csv` is no table: line 3 has 4 values, and line 1 has 3 names"),
        ('id,name,country\n1,"A\nda",gb\n2,Grace\n', "customers.csv` is no table: line 4 has 2 values, and line 1 has 3 names"),
        ("id,name,country\r\n1,A,gb\n2,B,us\r\n3,X,de\r", "customers.csv` is no table: line 2 ends with LF, and line 1 with CR LF"),
        ("", "the file that it reads is empty: it has not even a line of names"),
    ],
)
def test_csv_files_that_are_no_tables_are_explained(text: str, said: str, shop: Path) -> None:
    (shop / "data/raw/customers.csv").write_text(text, encoding="utf-8", newline="")
    result = whgen("-C", str(shop), "run", "--select", "stg_shop__customers dim_customer")
    assert result.exit_code == 1
    assert said in result.output
