"""Keeping the history in bounds: retention applied, garbage removed, packs rewritten, a workspace purged."""
