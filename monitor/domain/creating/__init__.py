"""What may become a new workspace: its name, the paths of an archive, the templates."""
