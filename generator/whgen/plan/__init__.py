"""From what the specs mean to what a dbt project for one warehouse contains."""
