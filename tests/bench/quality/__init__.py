"""What a listener hears over bad lines: recorded speech through a real worker and a seeded proxy, scored with PESQ."""
