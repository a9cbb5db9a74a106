"""Files and what happens around them: whole or not at all, known by their bytes, with progress."""
