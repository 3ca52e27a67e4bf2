"""The parts of the watch: one shard of watched folders, and the canary that shows whether it hears."""
