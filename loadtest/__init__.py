"""`sangdam simulate calls`: light people who call an installation through its public protocol, and say how it went.

They know `docs/protocol.md`, as the pages do, and media's packets, but nothing of the servers: so they can call any installation,
and nobody imports them. The command line starts them by name.
"""
