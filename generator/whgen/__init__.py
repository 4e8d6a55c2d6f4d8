"""whgen: YAML specs of a data warehouse in, a complete dbt project out."""

__version__ = "0.1.0"
