"""What the project measures of itself; see README.md in this folder."""
