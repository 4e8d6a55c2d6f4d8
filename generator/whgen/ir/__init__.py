"""What the specs mean, as frozen data: types, tables, columns, tests."""
