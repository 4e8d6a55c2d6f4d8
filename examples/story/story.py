"""The life of a small warehouse, from `whgen init` to a rollback in production: python examples/story/story.py [FOLDER]

It works in a new git repository in FOLDER, which has to be empty (a temporary one when not given), and runs the real commands
there. What it prints is Markdown: README.md beside this file is such a print. Each step says what it expects, and the story ends
where that is not so.

`whgen` and git have to be on the PATH; WHGEN_COMMAND names another command for the first one. WHGEN_PREFECT names a Python that
has Prefect, which then runs the nights; without it, cron's script does.
"""

from __future__ import annotations

import difflib
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

COMMAND = shlex.split(os.environ.get("WHGEN_COMMAND", "whgen"))
PREFECT = os.environ.get("WHGEN_PREFECT", "")
KINDS = {".yml": "yaml"}


class Story:
    """Does in a folder what it tells of."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *commands: str, ends: int = 0, shows: str = "", folder: str = ".") -> None:
        """Show commands and what they print; the last one has to end with `ends`, and to print `shows`."""
        print("```console" + (f"\n$ cd {folder}" if folder != "." else ""))
        for command in commands:
            is_last = command == commands[-1]
            print(f"$ {command}")
            print(self._output(command, ends=ends if is_last else 0, shows=shows if is_last else "", folder=folder), end="")
        print("```\n" + (f"\nIt ends with {ends}.\n" if ends else ""), flush=True)

    def comment(self, command: str, *, shows: str) -> None:
        """Show a command, and the Markdown that it prints as it looks when it is posted."""
        said = self._output(command, shows=shows)
        print(f"```console\n$ {command}\n```\n\n" + "".join(f"> {line}".rstrip() + "\n" for line in said.splitlines()), flush=True)

    def write(self, file: str, text: str) -> None:
        """Write a file, and show it."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"`{file}`:\n\n```{KINDS.get(path.suffix, path.suffix[1:])}\n{text}```\n")

    def edit(self, file: str, changes: dict[str, str]) -> None:
        """Put in a file one text in the place of another, which has to be there once; and show what that changes."""
        path = self.root / file
        before = after = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            require(after.count(old) == 1, f"{file} does not have, exactly once: {old}")
            after = after.replace(old, new)
        path.write_text(after, encoding="utf-8")
        lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm=""))
        print(f"`{file}`:\n\n```diff\n" + "\n".join(lines[2:]) + "\n```\n")

    def add(self, file: str, rows: str) -> None:
        """Add rows at the end of a file."""
        before = (self.root / file).read_text(encoding="utf-8")
        self.edit(file, {before: before + rows})

    def ask(self, file: str, query: str, answer: list[tuple[Any, ...]]) -> None:
        """Show what a reader of a database gets, which has to be the answer."""
        with duckdb.connect(str(self.root / file), read_only=True) as database:
            asked = database.execute(query)
            names, rows = [column[0] for column in asked.description or ()], asked.fetchall()
        print(f"Asked of `{file}`:\n\n```sql\n{query}```\n")
        for cells in (names, ["---"] * len(names), *rows):
            print(f"| {' | '.join(str(cell) for cell in cells)} |")
        print(flush=True)
        require([tuple(map(str, row)) for row in rows] == [tuple(map(str, row)) for row in answer], f"{file} should hold {answer}")

    def night(self, *, ends: int = 0) -> None:
        """Run the schedule, as Prefect or cron does at five."""
        if PREFECT:
            command = f"{shlex.quote(PREFECT)} -c 'from shop_nightly import run; run()'"
            self.run(command, ends=ends, shows="'shop-nightly'", folder="generated/prefect")
        else:
            self.run("bash generated/cron/nightly.sh", ends=ends)

    def _output(self, command: str, *, ends: int = 0, shows: str = "", folder: str = ".") -> str:
        words = shlex.split(command)
        ran = subprocess.run(
            [*COMMAND, *words[1:]] if words[0] == "whgen" else words,
            cwd=self.root / folder,
            env=self._variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        require(ran.returncode == ends, f"`{command}` ended with {ran.returncode} instead of {ends}:\n{ran.stdout}")
        require(shows in ran.stdout, f"`{command}` did not say {shows!r}:\n{ran.stdout}")
        # The graph of `git log` ends lines with spaces.
        return "".join(f"{line.rstrip()}\n" for line in ran.stdout.splitlines())

    def _variables(self) -> dict[str, str]:
        """Those of this machine, without what somebody has set for another project."""
        found = {k: v for k, v in os.environ.items() if not k.startswith(("WHGEN_", "SHOP_", "GIT_"))}
        found["WHGEN_COMMAND"] = shlex.join([*COMMAND, "--quiet"])
        found |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        for role in ("AUTHOR", "COMMITTER"):
            found |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
        # A server of Prefect's that lives as long as the flow, and keeps its things outside the repository.
        found |= {"PREFECT_HOME": f"{self.root}.prefect", "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true", "DO_NOT_TRACK": "1"}
        return found | {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120"}


def require(holds: object, otherwise: str) -> None:
    """End the story where it is not as it should be."""
    if not holds:
        sys.exit(f"The story ends here: {otherwise}")


def say(text: str) -> None:
    """Tell what comes next."""
    print(f"{text.strip()}\n", flush=True)


CUSTOMERS = """\
id,name,country
1,Ada Lovelace,gb
2,  Grace Hopper ,us
3,Emmy Noether,de
4,"O'Brien, Zoë",ie
"""
PRODUCTS = """\
code,name,kind,price
A1,Assam,black,6.50
D1,Darjeeling,black,8.90
S1,Sencha,green,7.20
M1,Matcha,green,19.00
C1,Chamomile,herbal,4.10
"""
ORDERS = """\
id,customer,product,placed_on,amount,sent_at
100,1,A1,2025-03-01,13.00,2025-03-01T09:02:00Z
101,2,S1,2025-03-01,7.20,2025-03-01T09:30:00Z
102,guest,C1,2025-03-01,8.20,2025-03-01T10:15:00Z
103,3,D1,2025-03-01,8.90,2025-03-01T11:47:00Z
104,4,M1,2025-03-01,19.00,2025-03-01T12:01:00Z
105,1,C1,2025-03-01,4.10,2025-03-01T16:20:00Z
106,2,A1,2025-03-02,6.50,2025-03-02T09:11:00Z
106,2,A1,2025-03-02,19.50,2025-03-02T09:40:00Z
107,guest,S1,2025-03-02,14.40,2025-03-02T10:05:00Z
108,5,D1,2025-03-02,17.80,2025-03-02T13:33:00Z
109,3,X9,2025-03-02,5.00,2025-03-02T15:29:00Z
110,4,S1,2025-03-02,7.20,2025-03-02T17:52:00Z
111,1,M1,2025-03-03,38.00,2025-03-03T09:00:00Z
112,2,C1,2025-03-03,12.30,2025-03-03T09:45:00Z
113,3,A1,2025-03-03,6.50,2025-03-03T12:12:00Z
114,guest,D1,2025-03-03,8.90,2025-03-03T14:08:00Z
"""


def begin(story: Story) -> None:
    """A project with three places to build."""
    say("""
## 1. A project

A shop sells tea. Its till exports three CSV files every evening. `whgen init` makes a project that reads two such files.
""")
    story.run("git init --quiet --initial-branch main", "whgen init . --name shop")
    say("The files of this shop take the place of those that came along.")
    story.write("data/raw/customers.csv", CUSTOMERS)
    story.write("data/raw/products.csv", PRODUCTS)
    story.write("data/raw/orders.csv", ORDERS)
    say("""
There are three places to build: one to develop in, one where changes are accepted, and the one that everybody reads. In the last one
nobody ever sees a table that has not passed its tests: `publish: audited`.
""")
    targets = "  qa: {warehouse: duckdb, path: qa.duckdb}\n  prod: {warehouse: duckdb, path: prod.duckdb, publish: audited}\n"
    story.edit("specs/warehouse.yml", {"  # prod: {warehouse: bigquery, project: my-project, location: US}\n": targets})
    story.run("whgen validate", shows="nothing wrong")


FIRST = """\
SELECT COUNT(*) AS orders, SUM(amount) AS amount
FROM production.fact_order
"""


def first_build(story: Story) -> None:
    """From raw files to tables with tests."""
    say("""
## 2. The first build

`whgen build` writes a dbt project and has dbt build it, with its tests.
""")
    story.run("whgen build --quiet", shows="23 tests passed")
    say("""
The till has sent 16 rows. Order 106 came twice, as somebody changed it; the last one stands, since the spec says
`dedupe: {latest: sent_at}`.
""")
    story.ask("shop.duckdb", FIRST, [(15, "190.00")])
    say("The dbt project is committed beside the specs, and so is a workflow that checks what comes after.")
    story.run("whgen ci github", "git add --all", "git commit --quiet --message 'A warehouse for the shop'")


PRODUCTS_TABLE = """\
tables:
  products:
    description: One row for each tea on sale.
    key: product_code
    columns:
      code: {as: product_code, type: string}
      name: {as: product_name, type: string, description: Name of the tea.}
      kind: {as: product_kind, type: string, description: 'Black, green or herbal.'}
"""
PRODUCT = """\
dimension: product
description: What is sold.
from: shop.products
key: product_code
columns: [product_name, product_kind]
"""
BREAKING = """\
breaking: revenue
because: Finance says revenue. Ada changes the two reports that ask for the amount.
changes:
  - column-renamed fact_order.revenue amount
"""
BY_KIND = """\
SELECT product.product_kind, COUNT(*) AS orders, SUM(fact.revenue) AS revenue
FROM pr_1_production.fact_order AS fact
INNER JOIN pr_1_production.dim_product AS product ON fact.product_key = product.product_key
GROUP BY ALL
ORDER BY ALL
"""


def pull_request(story: Story) -> None:
    """A column that is renamed and a new dimension: what it breaks, said aloud; and built where it is in nobody's way."""
    say("""
## 3. A pull request

Finance calls *revenue* what the till calls an amount, and wants to see it by kind of tea. So a column gets another name; `was:` says
that it is still the same one. And there is a table of the source that was not read before, and a dimension made of it.
""")
    story.run("git switch --quiet --create products")
    source = {
        "tables:\n": PRODUCTS_TABLE,
        "      placed_on: {as: order_date}": "      product: {as: product_code}\n      placed_on: {as: order_date}",
        "      amount: {type: ": "      amount: {as: revenue, was: amount, type: ",
    }
    story.edit("specs/sources/shop.yml", source)
    story.write("specs/dimensions/product.yml", PRODUCT)
    fact = {"  date: order_date": "  date: order_date\n  product: {on: product_code}", "  amount: {": "  revenue: {was: amount, "}
    story.edit("specs/facts/order.yml", fact)
    say("""
What does that mean to who reads the tables? `whgen plan` compares with where the branch has left `main`. It ends with 3: whoever
asks for `amount` finds no such column any more, and nobody has said that this is meant.
""")
    story.run("whgen plan", ends=3, shows="column-renamed fact_order.revenue amount")
    say("Ada says so, in the words that the plan proposes.")
    story.write("specs/breaking.yml", BREAKING)
    story.run("whgen generate --quiet", "git add --all", "git commit --quiet --message 'Revenue by product'")
    say("The workflow posts the plan as a comment of the pull request. This is the comment; it unfolds where there is a triangle.")
    story.comment("whgen plan --against main --format markdown", shows="acknowledged")
    say("""
The change is built, too, in schemas of its own beside those of `dev`: what has changed, and what reads that. Whatever else it reads
is read from the tables of `dev`. In the end the schemas are dropped.
""")
    story.run("whgen build --quiet --changed --schema-prefix pr_1_", shows="26 tests passed")
    story.ask("shop.duckdb", BY_KIND, [("Not found", 1, "5.00"), ("black", 6, "74.60"), ("green", 5, "85.80"), ("herbal", 3, "24.60")])
    say("One order is of a product `X9` that the list does not have: it points to the member *Not found*, and is not lost.")
    story.run("whgen drop --schema-prefix pr_1_ --yes", shows="dropped: pr_1_production, pr_1_staging")


def deploy(story: Story) -> None:
    """QA first, a look at the rows, then production."""
    say("## 4. To QA, and to production")
    story.run("git switch --quiet main", "git merge --quiet --no-ff --message 'Merge revenue by product' products")
    story.run("whgen build --quiet --target qa", shows="33 tests passed")
    say("""
Which rows are other than before? `dev` still has what `main` was until now: the same orders with the same amounts, and without the
new key.
""")
    story.run("whgen diff --target qa --against-target dev fact_order", ends=3, shows="columns only in qa: product_key")
    say("So it goes on to production.")
    story.run("whgen build --quiet --target prod", shows="Published: `prod` is what was built.")
    story.run("whgen diff --target prod --against-target qa", shows="no difference.")


SCHEDULE = """\
schedule: nightly
target: prod
cron: 0 5 * * *
time_zone: Europe/Berlin
groups:
  everything: {layers: [staging, production]}
"""
TUESDAY = """\
115,2,S1,2025-03-04,7.20,2025-03-04T09:14:00Z
116,1,A1,2025-03-04,13.00,2025-03-04T11:30:00Z
117,4,M1,2025-03-04,19.00,2025-03-04T15:02:00Z
"""
REVENUE = """\
SELECT COUNT(*) AS orders, SUM(revenue) AS revenue
FROM production.fact_order
"""


def nightly(story: Story) -> None:
    """A schedule, and the first night of it."""
    say("""
## 5. Every night

A schedule says when what is built. One group holds all of it here: what a night builds is published as a whole, or not at all.
""")
    story.write("specs/schedules.yml", SCHEDULE)
    story.run("whgen schedule prefect", "whgen schedule cron", "git add --all", "git commit --quiet --message 'Build every night'")
    say("In the evening the till exports another day.")
    story.add("data/raw/orders.csv", TUESDAY)
    if PREFECT:
        say("At five in the morning Prefect runs the flow.")
    else:
        say("""
At five in the morning Prefect runs the flow `generated/prefect/shop_nightly.py`, where `WHGEN_PREFECT` names a Python that has
Prefect. Here it names none, so the script of cron runs the same task.
""")
    story.night()
    story.ask("prod.duckdb", REVENUE, [(18, "229.20")])


WEDNESDAY = """\
118,3,A1,2025-03-05,7.50,2025-03-05T10:10:00Z
119,guest,C1,2025-03-05,8.20,2025-03-05T12:44:00Z
"""


def bad_load(story: Story) -> None:
    """A duplicate key, which the audit stops."""
    say("""
## 6. A bad load

Assam gets a new price, and the till exports the tea twice, with the old price and with the new one.
""")
    story.add("data/raw/orders.csv", WEDNESDAY)
    story.add("data/raw/products.csv", "A1,Assam,black,7.50\n")
    story.night(ends=1)
    say("""
A test has found it in the copy of the database that builds work on. Who reads `prod` sees nothing of it, and finds what was good the
night before:
""")
    story.ask("prod.duckdb", REVENUE, [(18, "229.20")])
    say("In the morning the old price is taken out. The next night will load Wednesday, too.")
    story.edit("data/raw/products.csv", {"A1,Assam,black,6.50\n": ""})


THURSDAY = """\
120,1,D1,2025-03-06,890,2025-03-06T09:21:00Z
121,2,S1,2025-03-06,1440,2025-03-06T16:37:00Z
"""


def roll_back(story: Story) -> None:
    """A load that is wrong and passes all tests."""
    say("""
## 7. A load that no test knows of

After an update the till exports cents instead of euros. There is no test for that yet, so it is published.
""")
    story.add("data/raw/orders.csv", THURSDAY)
    story.night()
    story.ask("prod.duckdb", REVENUE, [(22, "2574.90")])
    say("Somebody sees it in a report. Until the till is mended, everybody gets back the build before:")
    story.run("whgen rollback --target prod", shows="`prod` is what it was before the last build.")
    story.ask("prod.duckdb", REVENUE, [(18, "229.20")])
    say("And this is what has happened. The build that was taken back is remembered, too.")
    story.run("whgen runs --target prod", shows="build --group nightly/everything")
    story.run("git log --oneline --graph", shows="Build every night")


def main(folder: Path) -> None:
    """Tell the story."""
    story = Story(folder.resolve())
    for chapter in (begin, first_build, pull_request, deploy, nightly, bad_load, roll_back):
        chapter(story)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        if any(Path(sys.argv[1]).iterdir()):
            sys.exit(f"{sys.argv[1]} is not empty")
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory(prefix="whgen-story-") as temporary:
            place = Path(temporary) / "shop"
            place.mkdir()
            main(place)
