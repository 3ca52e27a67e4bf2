"""Following a remote repository: pull, push, when, and what is known about it."""
