"""Papers and events to a model that may serve."""
