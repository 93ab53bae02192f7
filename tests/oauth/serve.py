#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-3.0-or-later
"""serve CERTS ADDRESS - an endpoint that always has a new token, for the bench

Prints its port; then, for each line on stdin, how many connections and POSTs
there were.  Ends with stdin.
"""
import sys

import endpoint


def main(certs, address):
    server = endpoint.Endpoint(certs, address=address)
    posts = []

    def rule(form):
        posts.append(form)
        return endpoint.tokens("access-" + "a" * 2000,
                               "refresh-%d-%s" % (len(posts), "r" * 1000))

    server.rule = rule
    print(server.port, flush=True)
    for _ in sys.stdin:
        print(server.connections, len(posts), flush=True)


main(*sys.argv[1:])
