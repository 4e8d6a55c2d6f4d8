"""A language server for specs: what is wrong, what may stand here, what a name means and who uses it, while it is typed."""
