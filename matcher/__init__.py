"""The matcher: pure rules that decide who serves whom, behind one store interface (`matcher.types.MatchStore`)."""
