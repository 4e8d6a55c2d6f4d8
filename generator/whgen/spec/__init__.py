"""What the user wrote: the YAML files, and the shape that each kind of document has."""
