"""Foreign servers and recorded data that the tests run against."""
