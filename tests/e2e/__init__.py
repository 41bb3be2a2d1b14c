"""The whole way: a real server, the connector that ships, the store, the screen."""
