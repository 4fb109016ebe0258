"""The server: HTTP, WebSocket, identity, sessions and rooms, records, the operator's API, the command line."""
