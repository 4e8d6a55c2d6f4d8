"""Snowflake, by its documentation: nothing of it was ever run there, so of the catalogue of functions only a part is offered."""
