"""Every figure the README gives, each measured beside its peer in the same run."""
