"""`sangdam simulate calls`: light clients call an installation through its public protocol, and report figures.

The clients speak the protocol of `docs/protocol.md`, as the pages do, and can therefore call any installation. The clients use
the packet code of `media`, and no other code of the server. No other package imports this package: the command line starts it as
`python -m loadtest`.
"""
