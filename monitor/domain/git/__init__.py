"""Git as values: addresses, trees, what a pull would do and what a push would commit; nothing here runs git."""
