"""`whgen validate --fix`: what is certain is mended in the user's own files."""
