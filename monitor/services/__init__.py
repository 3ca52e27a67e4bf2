"""The work itself: services know ports, never adapters."""
