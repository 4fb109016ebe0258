"""`make bench ARGS=abuse`: measure waits of honest users and the sizes of the server's memory and log during attacks."""
