"""Who talks to whom: pure rules, one store interface."""
