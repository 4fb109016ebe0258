"""Check calls on good connections while the machine is busy: viewers must not be told that their connection is slow."""
