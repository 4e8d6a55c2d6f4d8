"""What a warehouse's own analyzer says of the SQL that dbt would run there, offline. BigQuery has one: Google's ZetaSQL."""
