"""The server: HTTP, WebSocket, identity, sessions and rooms, the database, the operators' API, the command line."""
