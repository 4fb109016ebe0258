"""Voice quality over bad links: recorded speech through a real worker and a seeded proxy, scored with PESQ."""
