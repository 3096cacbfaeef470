"""Who computes when: a scheduler of short turns, jobs for what takes long, a cache, and a log."""
