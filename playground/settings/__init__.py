"""What can be asked for: kinds of settings with their bounds, records of them, and how a URL says it."""
