"""Slipway: drop a project folder, visit its URL, and every save is kept."""
