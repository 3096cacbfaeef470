"""One file a section of a page."""
