"""The documentation of a user's warehouse as one static site: `whgen docs`. The pages of whgen's own documentation are made by `docs`."""
