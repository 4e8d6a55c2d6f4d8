"""The functions and operators that mean the same on every warehouse: what they take, what they give, what they do with NULL."""
