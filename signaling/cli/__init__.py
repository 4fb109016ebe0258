"""The `sangdam` command. `main.py` has its entry; `administration.py` collects the administrative commands."""
