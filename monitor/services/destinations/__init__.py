"""Destinations: the history copied to other places, checked there, and brought back from them."""
