"""Many replica sites at once: real rows of the registry, generated articles, hosts that fail in every way.

`hosts.Fleet` knows what each host answers, `server.FleetServer` serves it. From the shell:
`python -m crawler.replica --fleet 300 --articles 20 --faults refused,hang,error,redirect,pager`.
"""
