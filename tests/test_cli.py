"""The command line, all but the builds: options, exit codes, messages, streams."""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from whgen import __version__, scaffold
from whgen.cli import app as entrance
from whgen.cli.app import app
from whgen.spec.json_schema import schema_text

PYTHON = Path(sys.executable)
WHGEN = PYTHON.with_name("whgen")
HEAVY = {"rich", "dbt", "sqlglot", "jinja2", "pydantic", "yaml", "duckdb"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project, which is the current folder."""
    scaffold.create(tmp_path / "shop", "shop")
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def whgen(*arguments: str) -> Result:
    """A command in this process."""
    result = CliRunner().invoke(app, arguments, prog_name="whgen")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def process(*arguments: str, cwd: Path, command: Sequence[str] = (str(WHGEN),), **variables: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "CI", "PYTHONDONTWRITEBYTECODE")} | variables
    ran = subprocess.run([*command, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in ran.stdout + ran.stderr, ran.stdout + ran.stderr
    return ran


def shell(line: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A line of bash, in which `whgen` is whgen."""
    return process("-c", f"export PATH={PYTHON.parent}:$PATH; {line}", cwd=cwd, command=["bash"])


# Start


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["build", "--help"], ["completion", "bash"]])
def test_help_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "import sys, atexit; sys.argv[0] = 'whgen'\n"
        "atexit.register(lambda: print('LOADED', *sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr))\n"
        "from whgen.cli import main; main()"
    )
    ran = process("-c", code, *arguments, cwd=tmp_path, command=[str(PYTHON)])
    assert ran.returncode == 0
    loaded = set(ran.stderr.split("LOADED ")[1].split())
    assert "whgen" in loaded
    assert loaded & HEAVY == set()


def test_version() -> None:
    assert whgen("--version").output == f"whgen {__version__}\n"


def test_module_is_the_command(tmp_path: Path) -> None:
    assert process("-m", "whgen", "--version", cwd=tmp_path, command=[str(PYTHON)]).stdout == f"whgen {__version__}\n"


def test_commands() -> None:
    assert set(app.commands) >= {"init", "validate", "generate", "build", "run", "test", "ls", "completion", "explain"}


# Options that every command takes


@pytest.mark.parametrize("command", ["validate", "generate", "ls"])
@pytest.mark.parametrize("before", [True, False])
def test_folder_and_quiet_stand_before_the_command_or_behind_it(
    command: str, before: bool, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.parent)
    options = ["-C", "shop", "-q"]
    result = whgen(*options, command) if before else whgen(command, *options)
    assert result.exit_code == 0, result.output
    assert "nothing wrong" not in result.output
    assert "unchanged" not in result.output


@pytest.mark.parametrize("command", sorted(app.commands))
def test_every_command_takes_the_common_options(command: str) -> None:
    names = {option for parameter in app.commands[command].params for option in parameter.opts}
    assert names >= {"-C", "-q", "--quiet"}


def test_quiet_says_nothing_of_a_success(shop: Path) -> None:
    for command in (["validate"], ["generate"], ["generate"], ["generate", "--check"], ["generate", "--dry-run"]):
        assert whgen(*command, "-q").output == ""


def test_project_is_found_from_within(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop / "specs/facts")
    assert whgen("validate").output == "4 files, nothing wrong\n"


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("nowhere", "there is no folder"),
        ("shop/specs/wharehouse", "there is no folder"),
        ("shop/specs/warehouse.yml", "is not a folder"),
        (".", "there is no `specs` folder in"),
    ],
)
def test_folder_without_a_project(folder: str, message: str, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.parent)
    result = whgen("-C", folder, "validate")
    assert result.exit_code == 1
    assert "error[no-project]" in result.stderr
    assert message in result.stderr
    assert "whgen init" in result.stderr


def test_folder_that_was_deleted_meanwhile(tmp_path: Path) -> None:
    ran = shell("mkdir gone && cd gone && rmdir ../gone && whgen validate", cwd=tmp_path)
    assert ran.returncode == 1
    assert "the current folder was deleted" in ran.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["-C", "", "validate"],
        ["init", ""],
        ["bild"],
        ["validate", "--format", "xml"],
        ["build", "--threads", "0"],
        ["build", "--threads", "9" * 30],
        ["build", "--threads", "x"],
        ["explain", "nope"],
        ["completion", "csh"],
        ["test", "--full-refresh"],
        ["ls", "--kind", "table"],
        ["schema", "--output", ""],
        ["build", "--target"],
        [],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], shop: Path) -> None:
    result = whgen(*arguments)
    assert result.exit_code == 2
    assert result.stderr
    assert result.stdout == ""


def test_misspelt_command_gets_the_nearest() -> None:
    assert "build" in whgen("bild").stderr


def test_arguments_that_are_no_text(shop: Path) -> None:
    for line in ("whgen -C $'\\xff' validate", "whgen build -t $'\\xff'", "whgen generate --warehouse $'\\xff\\xfe'"):
        assert shell(line, cwd=shop).returncode == 1
    assert shell("whgen $'\\xff'", cwd=shop).returncode == 2
    assert shell("whgen init $'\\xff' && whgen -C $'\\xff' validate", cwd=shop.parent).returncode == 0


# validate


BROKEN = "fact: order\ngrain: one row per order\nfrom: shop.order\nkey: order_id\ndimensions: {}\nmeasures: {}\n"


@pytest.fixture
def broken(shop: Path) -> Path:
    """The shop with a spec that names a table that there is not."""
    spec = shop / "specs/facts/order.yml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("shop.orders", "shop.order"), encoding="utf-8")
    return shop


def test_broken_specs_as_text(broken: Path) -> None:
    result = whgen("validate")
    assert result.exit_code == 1
    assert "specs/facts/order.yml:6:7" in result.stdout
    assert "did you mean `shop.orders`?" in result.stdout
    assert result.stdout.rstrip().endswith("1 error; 1 can be fixed with `whgen validate --fix`")


def test_broken_specs_as_json(broken: Path) -> None:
    result = whgen("validate", "--format", "json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["errors"] == 1
    assert (found["diagnostics"][0]["file"], found["diagnostics"][0]["line"]) == ("specs/facts/order.yml", 6)


def test_broken_specs_for_github(broken: Path) -> None:
    result = whgen("validate", "--format", "github")
    assert result.exit_code == 1
    assert result.stdout.startswith("::error file=specs/facts/order.yml,line=6,")


@pytest.mark.parametrize("command", [["generate"], ["build"], ["run"], ["test"], ["ls"]])
def test_broken_specs_stop_every_command(command: list[str], broken: Path) -> None:
    result = whgen(*command)
    assert result.exit_code == 1
    assert "specs/facts/order.yml:6:7" in result.stderr
    assert result.stdout == ""
    assert not (broken / "generated").exists()
    as_json = json.loads(whgen(*command, "--json").stdout)
    assert not as_json["ok"]
    assert as_json["diagnostics"][0]["line"] == 6


@pytest.mark.parametrize("command", ["validate", "generate --check", "ls", "explain unknown-table"])
def test_json_is_short_for_a_format(command: str, shop: Path) -> None:
    short = whgen(*command.split(), "--json").stdout
    assert json.loads(short)
    assert whgen(*command.split(), "--format", "json").stdout == short
    assert whgen(*command.split(), "--json", "--format", "json").stdout == short
    both = whgen(*command.split(), "--format", "text", "--json")
    assert (both.exit_code, both.stdout) == (2, "")
    assert "--json is short for --format json" in both.stderr


def test_a_new_project_as_json(shop: Path) -> None:
    made = json.loads(whgen("init", "elsewhere", "--json").stdout)
    assert (made["ok"], made["folder"]) == (True, "elsewhere")
    assert all((shop / "elsewhere" / file).is_file() for file in made["created"])
    again = json.loads(whgen("init", "elsewhere", "--json").stdout)
    assert (again["ok"], again["diagnostics"][0]["code"]) == (False, "no-project")


@pytest.mark.parametrize("command", ["validate", "generate", "build", "run", "test", "lock"])
def test_every_command_that_finds_mistakes_prints_them_for_github_and_code_scanning(command: str, broken: Path) -> None:
    (broken / "specs/warehouse.yml").write_text("warehouse: Bad Name\n")
    for_github = whgen(command, "--format", "github")
    assert (for_github.exit_code, for_github.stderr) == (1, "")
    assert for_github.stdout.startswith("::error file=specs/warehouse.yml,line=1,")
    result = json.loads(whgen(command, "--format", "sarif").stdout)["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["contextRegion"]["snippet"]["text"] == "warehouse: Bad Name"


def test_an_annotation_that_belongs_to_no_file(shop: Path) -> None:
    found = whgen("build", "--target", "nope", "--format", "github")
    assert found.exit_code == 1
    assert found.stdout.startswith("::error title=unknown-target::there is no target `nope`")
    assert whgen("-C", str(shop / "nope"), "generate", "--format", "github").stdout.startswith("::error title=no-project::")


def test_good_specs_as_json_and_for_github(shop: Path) -> None:
    assert json.loads(whgen("validate", "--format", "json").stdout) == {"diagnostics": [], "errors": 0, "warnings": 0}
    assert whgen("validate", "--format", "github").output == ""


def test_folder_without_specs_in_it(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    for command in ("validate", "generate", "build"):
        result = whgen("-C", str(tmp_path), command)
        assert result.exit_code == 1
        assert "error[no-warehouse]" in result.output


# generate


def _state(root: Path) -> dict[str, tuple[int, bytes]]:
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in root.rglob("*") if p.is_file() and p.name != "lock"}


def test_generating_again_touches_nothing(shop: Path) -> None:
    created = re.search(r"(\d+) created", whgen("generate").output)
    before = _state(shop)
    assert created is not None
    assert whgen("generate").output == f"generated/duckdb: {created[1]} unchanged\n"
    assert _state(shop) == before


def test_check_fails_until_files_are_current(shop: Path) -> None:
    result = whgen("generate", "--check")
    assert result.exit_code == 1
    assert result.output.endswith("run `whgen generate`\n")
    assert "dbt_project.yml" in whgen("generate", "--check", "-q").output
    assert not (shop / "generated").exists()
    whgen("generate")
    assert whgen("generate", "--check").exit_code == 0


def test_diff_and_dry_run_write_nothing(shop: Path) -> None:
    whgen("generate")
    spec = shop / "specs/facts/order.yml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("Orders with their amounts.", "All orders."), encoding="utf-8")
    before = _state(shop / "generated")
    diff = whgen("generate", "--diff")
    assert diff.exit_code == 0
    assert "-    description: Orders with their amounts." in diff.output
    assert "+    description: All orders." in diff.output
    dry = whgen("generate", "--dry-run")
    assert dry.exit_code == 0
    assert "  changed  generated/duckdb/models/production/facts/fact_order.yml" in dry.output
    found = json.loads(whgen("generate", "--check", "--json").stdout)
    assert not found["ok"]
    assert "models/production/facts/fact_order.yml" in found["projects"]["generated/duckdb"]["changed"]
    assert _state(shop / "generated") == before


@pytest.mark.parametrize("command", ["generate", "build", "run", "test"])
def test_edited_file_stops_with_the_diff_and_the_ways_out(command: str, shop: Path) -> None:
    whgen("generate")
    edited = shop / "generated/duckdb/dbt_project.yml"
    edited.write_text(edited.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    result = whgen(command)
    assert result.exit_code == 1
    assert "+# mine" in result.stdout
    assert "error[edited-files]" in result.stderr
    assert "generated/duckdb/dbt_project.yml" in result.stderr
    assert [f"{n}." in result.stderr for n in (1, 2, 3)] == [True] * 3
    assert edited.read_text(encoding="utf-8").endswith("# mine\n")
    assert json.loads(whgen(command, "--json").stdout)["diagnostics"][0]["code"] == "edited-files"


def test_force_overwrites_and_says_where_the_copy_is(shop: Path) -> None:
    whgen("generate")
    edited = shop / "generated/duckdb/dbt_project.yml"
    edited.write_text("mine\n", encoding="utf-8")
    result = whgen("generate", "--force")
    assert result.exit_code == 0
    place = result.output.split("(what it was: ")[1].split(")")[0]
    assert [p.read_text(encoding="utf-8") for p in (shop / place).iterdir()] == ["mine\n"]
    assert whgen("generate", "--check").exit_code == 0


def test_unknown_names_get_the_nearest(shop: Path) -> None:
    for command, name in ((["build", "-t", "dve"], "dev"), (["ls", "-t", "deb"], "dev"), (["generate", "--warehouse", "duckbd"], "duckdb")):
        result = whgen(*command)
        assert result.exit_code == 1
        assert "error[unknown-target]" in result.stderr
        assert f"did you mean `{name}`?" in result.stderr


def test_file_where_a_folder_belongs(shop: Path) -> None:
    (shop / "generated").write_text("", encoding="utf-8")
    for command in ("generate", "build"):
        result = whgen(command)
        assert result.exit_code == 1
        assert "error[output-failed]" in result.stderr


def _without_the_rights_of_root() -> None:
    """Root may write everywhere, until it gives the capability up (PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)."""
    if os.geteuid() == 0 and ctypes.CDLL(None).prctl(24, 1, 0, 0, 0):
        os._exit(99)


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl")
@pytest.mark.parametrize("command", [["generate"], ["build"], ["init", "new"], ["schema", "-o", "new.json"]])
def test_folder_that_may_not_be_written_to(command: list[str], shop: Path) -> None:
    shop.chmod(0o555)
    ran = subprocess.run(
        [str(WHGEN), *command], cwd=shop, capture_output=True, text=True, timeout=60, preexec_fn=_without_the_rights_of_root
    )
    shop.chmod(0o755)
    if ran.returncode == 99:
        pytest.skip("capabilities cannot be given up here")
    assert ran.returncode == 1
    assert ran.stderr.startswith("error[")
    assert "Permission denied" in ran.stderr
    assert "Traceback" not in ran.stderr


# ls


def test_list(shop: Path) -> None:
    result = whgen("ls")
    assert result.exit_code == 0
    assert "model     dim_customer         specs/dimensions/customer.yml:3:12" in result.output.splitlines()
    assert result.output.endswith("and 23 tests (`--kind test` lists them)\n")


def test_list_of_a_kind_as_json(shop: Path) -> None:
    found = json.loads(whgen("ls", "--kind", "source", "--kind", "model", "--json").stdout)
    assert {n["kind"] for n in found} == {"source", "model"}
    assert {n["name"] for n in found} >= {"shop.orders", "fact_order"}
    assert all(n["file"].startswith("specs/") and n["line"] for n in found)


# init


def test_init_refuses_to_overwrite(tmp_path: Path) -> None:
    place = tmp_path / "shop"
    assert whgen("init", str(place)).exit_code == 0
    before = _state(place)
    result = whgen("init", str(place))
    assert result.exit_code == 1
    assert "is there already" in result.stderr
    assert _state(place) == before


def test_init_in_an_odd_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for place, message in (("file", "is not a folder"), ("file/below", "cannot be written to"), ("/proc/x", "cannot be written to")):
        result = whgen("-C", str(tmp_path), "init", place)
        assert result.exit_code == 1
        assert message in result.stderr
    assert "`A-B` cannot be a name" in whgen("-C", str(tmp_path), "init", "new", "--name", "A-B").stderr
    assert not (tmp_path / "new").exists()


def test_init_says_what_to_type_next(tmp_path: Path) -> None:
    assert whgen("init", str(tmp_path / "my shop")).output.endswith(f"Now: cd '{tmp_path}/my shop' && whgen build\n")
    assert whgen("init", "-q", str(tmp_path / "quiet")).output == ""


# schema


def test_schema_imports_only_what_reads_specs(tmp_path: Path) -> None:
    code = (
        "import sys, atexit; sys.argv[0] = 'whgen'\n"
        "atexit.register(lambda: print('LOADED', *sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr))\n"
        "from whgen.cli import main; main()"
    )
    ran = process("-c", code, "schema", cwd=tmp_path, command=[str(PYTHON)])
    assert ran.stdout == schema_text()
    assert set(ran.stderr.split("LOADED ")[1].split()) & HEAVY == {"pydantic", "yaml"}


def test_schema_is_the_same_at_every_start(tmp_path: Path) -> None:
    printed = {process("schema", cwd=tmp_path, PYTHONHASHSEED=seed).stdout for seed in ("0", "1", "2")}
    assert printed == {schema_text()}


def test_schema_into_a_file(tmp_path: Path) -> None:
    place = tmp_path / "schema.json"
    place.write_text("old", encoding="utf-8")
    place.chmod(0o640)
    (tmp_path / "link.json").symlink_to(place)
    assert whgen("-C", str(tmp_path), "schema", "--output", "link.json").output == f"  written  {tmp_path / 'link.json'}\n"
    assert place.read_text(encoding="utf-8") == schema_text()
    assert place.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "link.json").is_symlink()
    assert whgen("-C", str(tmp_path), "schema", "-q", "-o", str(tmp_path / "new.json")).output == ""
    assert {p.name for p in tmp_path.iterdir()} == {"schema.json", "link.json", "new.json"}


def test_schema_where_no_file_can_be(tmp_path: Path) -> None:
    for place, message in (
        (".", "is a folder"),
        ("gone/schema.json", "there is no folder"),
        ("/dev/stdout", "is a device"),
        ("x" * 300, "cannot write"),
    ):
        result = whgen("-C", str(tmp_path), "schema", "--output", place)
        assert result.exit_code == 1
        assert result.stderr.startswith("error[output-failed]: ")
        assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "schema.json"
    place.write_text("old", encoding="utf-8")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    result = whgen("-C", str(tmp_path), "schema", "--output", "schema.json")
    assert "No space left on device" in result.stderr
    assert place.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["schema.json"]


# completion


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_scripts(name: str, tmp_path: Path) -> None:
    script = whgen("completion", name)
    assert script.exit_code == 0
    assert "_WHGEN_COMPLETE" in script.output


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_completion_completes_in_bash(tmp_path: Path) -> None:
    line = """eval "$(whgen completion bash)" && complete -p whgen && COMP_WORDS=(whgen va) COMP_CWORD=1 && """
    ran = shell(line + """_whgen_completion whgen && echo "${COMPREPLY[@]}" """, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "validate"
    assert ran.stderr == ""


# Streams


def test_reader_that_leaves_early(shop: Path) -> None:
    for command in ("--help", "validate --format json", "ls --json", "ls --kind test", "generate --diff"):
        ran = shell(f"whgen {command} | true; echo ${{PIPESTATUS[0]}}", cwd=shop)
        assert (ran.stdout, ran.stderr) == ("0\n", ""), command
    spec = shop / "specs/facts/order.yml"
    spec.write_text("fact: [\n", encoding="utf-8")
    assert shell("whgen validate | true; echo ${PIPESTATUS[0]}", cwd=shop).stdout == "1\n", "the specs are wrong, whoever reads it or not"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_behind_the_output(shop: Path) -> None:
    for command in ("--help", "validate", "ls"):
        ran = shell(f"whgen {command} > /dev/full", cwd=shop)
        assert ran.returncode == 1
        assert ran.stderr == "error[output-failed]: No space left on device\n"


def test_closed_streams(shop: Path) -> None:
    assert shell("whgen validate >&-", cwd=shop).returncode == 0
    assert shell("whgen ls <&- >&- 2>&-", cwd=shop).returncode == 0
    assert shell("whgen -C nowhere ls 2>&-", cwd=shop).returncode == 1


def test_output_that_is_no_terminal_has_no_control_characters(broken: Path) -> None:
    for command in ("validate", "ls", "generate", "--help"):
        ran = process(command, cwd=broken, FORCE_COLOR="1")
        assert "\x1b" not in ran.stdout + ran.stderr


def test_text_that_the_terminal_cannot_show(shop: Path) -> None:
    spec = shop / "specs/facts/order.yml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("from: shop.orders", "from: shop.örders"), encoding="utf-8")
    ran = process("validate", cwd=shop, PYTHONIOENCODING="ascii")
    assert ran.returncode == 1
    assert "shop.?rders" in ran.stdout


def test_bug_of_ours_becomes_a_message(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr("whgen.pipeline.validate", broken)
    monkeypatch.setattr(sys, "argv", ["whgen", "-C", str(shop), "validate"])
    with pytest.raises(SystemExit) as stop:
        entrance.main()
    assert stop.value.code == 70
    shown = capsys.readouterr().err
    assert "internal error while running `whgen validate`: RuntimeError: oops" in shown
    assert "bug in whgen, not in your project" in shown
