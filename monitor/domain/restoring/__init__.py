"""Putting a workspace back, as values: which moment, what has to happen for it, and what is left alone."""
