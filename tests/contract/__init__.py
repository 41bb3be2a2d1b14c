"""The contract against three hard providers."""
