"""What is different between two revisions: files, lines of text, and the packages a project depends on."""
