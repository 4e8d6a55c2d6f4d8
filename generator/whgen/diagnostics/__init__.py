"""What whgen says to its user: diagnostics as data, a catalogue of their codes, and the renderers that print them."""
