"""What differs between two states of a warehouse, in terms of what it means."""
