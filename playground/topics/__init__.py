"""What a page teaches beyond a run, in a folder named as the page."""
