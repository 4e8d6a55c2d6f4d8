"""SQL that users write: parsed, its names found, its types known."""
