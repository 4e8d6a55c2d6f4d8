"""Mutation of the compiler: valid specs, damaged at random, and what comes of each damage.

`corpus` is what is damaged, `places` finds what stands where in it, `damage` damages it, `judge` says what whgen made of it, `warehouse`
and `parsing` say whether dbt and DuckDB would have had more to say. `PYTHONPATH=tests python -m mutation` runs it and prints a table.
"""
