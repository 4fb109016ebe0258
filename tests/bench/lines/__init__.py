"""Check calls on good connections while the machine is busy: no viewer may be told that the connection is slow."""
