"""Git: a bare clone of our own for each workspace, and the remotes they speak to."""
