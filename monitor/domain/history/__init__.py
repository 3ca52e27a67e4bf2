"""The history as values: entries, bases, revisions, packs and times (`monitor/FORMAT.md` is their page)."""
