"""Simulation: a day on the service's matching engine in virtual time. A model or a file of arrivals goes in, figures come out."""
