"""whgen: YAML specs of a data warehouse in, a complete dbt project out."""

from whgen.plain_sqlglot import prefer_plain_sqlglot

__version__ = "0.1.0"

# Before any of our modules, and any library that they use, imports it.
prefer_plain_sqlglot()
