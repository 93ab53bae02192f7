# SPDX-License-Identifier: GPL-3.0-or-later
"""suite - start the servers, play the scenarios, print TAP

usage: suite.py BUILDDIR [SCENARIO...], inside the namespaces of `inside`.
"""
import sys
import traceback

import client
import servers
import tap

import play_ahead
import play_answers
import play_binding
import play_bulk
import play_content
import play_login
import play_oauth
import play_token

SCENARIOS = {
    "login": play_login.play,
    "token": play_token.play,
    "oauth": play_oauth.play,
    "binding": play_binding.play,
    "content": play_content.play,
    "answers": play_answers.play,
    "bulk": play_bulk.play,
    "ahead": play_ahead.play,
}


class World:
    """What a scenario finds running."""

    def __init__(self):
        self.dovecot = servers.Dovecot()
        self.postfix = servers.Postfix()
        self.exim = servers.Exim()
        self.next_hop = servers.next_hop()

    def start(self):
        for server in (self.next_hop, self.dovecot, self.postfix, self.exim):
            server.start()

    def server(self, host):
        """Which of them answers to a name of etc/hosts."""
        return getattr(self, host.split(".")[-2])


def main(build, *names):
    client.Client.build = build
    servers.Smarthost.program = build + "/tests/smarthost/smarthost"
    world = World()
    t = tap.Tap()
    watch = tap.Watch()
    world.start()
    t.comment("servers are up after %.1f s" % watch.seconds)
    for name in names or SCENARIOS:
        watch = tap.Watch()
        try:
            SCENARIOS[name](t, world)
        except Exception:
            t.is_true(name + " was played to its end", False,
                      traceback.format_exc())
        t.comment("%s took %.1f s" % (name, watch.seconds))
    t.is_true("Dovecot did not panic",
              "panic" not in world.dovecot.log.whole().lower() and
              "killed with signal" not in world.dovecot.log.whole(),
              world.dovecot.log.whole())
    return t.plan()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
