"""Who computes when: a scheduler of short turns, jobs for long work, a cache, and a log."""
