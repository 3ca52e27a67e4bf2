"""Archives and uploads as plain files on disk: our own extractor, which believes nothing it reads."""
