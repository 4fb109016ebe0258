"""Check calls on good connections while the machine is busy: no viewer may get the notice that the connection is slow."""
