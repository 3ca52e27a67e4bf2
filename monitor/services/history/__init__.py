"""The history: every batch of saves as one immutable revision."""
