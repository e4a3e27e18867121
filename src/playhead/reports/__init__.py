"""Where people drop off: insights and funnels over analytics events, and the replays behind any point of them.

The API calls it. It knows the analytics store's events, identities and profiles, and which replays there are; it never
reads a recording. What a caller sends reaches SQL as bound parameters only.
"""
