"""Check calls on good connections while the machine is busy: viewers must not get the notice that their connection is slow."""
