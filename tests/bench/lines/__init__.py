"""Calls on good connections while the machine is busy: nobody may be told that their connection is slow."""
