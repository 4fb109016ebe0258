"""Check calls on good connections while the machine is busy: no viewer must get the notice that their connection is slow."""
