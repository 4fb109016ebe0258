"""Score voice quality over bad links with PESQ: recorded speech goes through a real worker and a seeded proxy."""
