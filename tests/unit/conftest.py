from hypothesis import settings

# how long an example takes says more about the machine than about what is tested
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
