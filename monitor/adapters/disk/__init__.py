"""The blocking half of `Files`: one idea per module, every path opened by folder descriptors."""
