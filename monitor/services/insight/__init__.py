"""Looking closely at one workspace: its log, its source, what runs and why, what it uses, what happened."""
