"""From a planned dbt project to the text of its files."""
