PATIENCE_S = 30.0  # longest time in seconds that a test waits for an expected event; on an idle machine, two seconds are enough
