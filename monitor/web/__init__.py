"""What people and programs see: pages, API, access."""
