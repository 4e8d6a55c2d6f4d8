"""Pages of the documentation that are made of the code, so that they cannot be out of date."""
