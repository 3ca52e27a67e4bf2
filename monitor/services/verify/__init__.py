"""Verifying a history: every object is there, whole, and what its name and its users say."""
