"""Data volumes: kept as a stream of their own, by the clock and on demand, and put back on their own."""
