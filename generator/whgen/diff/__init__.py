"""The rows of a table on two targets -> how they differ."""
