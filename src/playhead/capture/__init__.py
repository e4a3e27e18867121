"""What SDKs talk to: the Mixpanel wire protocol in, acknowledgements out.

Only the server's entry point may call this package. It knows the journal and a cached list of tokens; it must never
know a store: what it acknowledges is on disk in the journal and nowhere else yet.
"""
