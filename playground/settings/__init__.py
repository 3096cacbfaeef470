"""Settings: their kinds and bounds, records of them, and how they are written in a URL."""
