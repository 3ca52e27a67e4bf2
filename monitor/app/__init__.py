"""The one place that knows everybody: it builds the adapters and services and joins them."""
