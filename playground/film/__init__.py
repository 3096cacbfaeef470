"""A run as a film: computed ahead in segments, each a pure function of its address, and shown by the browser."""
