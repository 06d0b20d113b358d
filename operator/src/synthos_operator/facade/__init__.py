"""The gRPC facade: wire messages in, ValidationRuns created and watched, wire messages out.

    server      the two services, one short method for each call
    runs        ensure a run, find one, follow it: what the calls have in common
    requests    messages -> ValidationRunSpec, and what makes a request malformed      (pure)
    translate   status -> messages                                                      (pure)
    store       one list-and-watch per kind and replica, the cache, and its subscribers
    cluster     the few Kubernetes requests the facade may make
    guard       the interceptor: limits, allowed names, the only broad catch
    serve, tls  assembly, start and stop; certificates

No state: the ValidationRun is the state, so any replica answers any call.
"""
