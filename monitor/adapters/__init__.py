"""Each file talks to exactly one outside thing and ignores the others."""
