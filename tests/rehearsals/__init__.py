"""Projects that are nasty to load, and rehearsals of them and of the example."""
