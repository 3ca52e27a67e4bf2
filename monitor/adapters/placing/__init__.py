"""Placing files in folders that are in use: stage, commit, move into place (`monitor.ports.placing`)."""
