"""Restore: any workspace, or a part of it, back to any moment; nothing that is on disk is lost by it."""
