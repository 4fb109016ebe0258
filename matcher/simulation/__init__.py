"""Simulates a day on the service's matching engine in virtual time, from a model or a file of arrivals, and reports figures."""
