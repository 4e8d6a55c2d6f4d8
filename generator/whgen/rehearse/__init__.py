"""Lives through days of made-up source data with the real dbt project, and holds each table against the evaluator."""
