"""The studio is a page on which a network is watched as it learns."""
