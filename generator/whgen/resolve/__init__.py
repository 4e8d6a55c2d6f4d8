"""From what the user wrote to what it means: names found, types known, rules checked."""
