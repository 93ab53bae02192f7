# SPDX-License-Identifier: GPL-3.0-or-later
"""desktop - entries of an open keyring, and of a locked one"""
from desk import HOST, USER, differs, run_all, wait_until

SECRETS = [b"hunter2", b" two  words ", b"=a=b", "gr\u00fc\u00dfe".encode(),
           b"\xe9\xff old", b"x" * 60000, b'"\\%s$(id)`']


def an_entry(place):
    """stored, fetched, replaced, erased"""
    desk = place.desk()
    why = differs(desk.ask("get"), 0, secret=None)
    for secret in SECRETS:
        why += differs(desk.ask("store", secret=secret), 0, secret=None)
        why += differs(desk.ask("get"), 0, secret=secret)
    why += differs(desk.ask("erase"), 0, erased=1, left=0)
    why += differs(desk.ask("get"), 0, secret=None)
    return why + differs(desk.ask("erase"), 0, erased=0, left=0)


def outlives(place):
    """an entry is there after the keyring was closed and opened"""
    desk = place.desk()
    desk.store("hunter2")
    desk.close_keyring()
    desk.open()
    return differs(desk.ask("get"), 0, secret="hunter2")


def of_others(place):
    """what secret-tool stores for msmtp is found, its line end dropped"""
    desk = place.desk()
    words = ("--label=x", "host", HOST, "service", "smtp", "user", USER)
    desk.tool("store", *words, text=b"theirs\n")
    why = differs(desk.ask("get"), 0, secret="theirs")
    why += differs(desk.ask("get", kind="client-secret"), 0, secret=None)
    why += differs(desk.ask("erase"), 0, erased=0, left=1)
    desk.store("ours")
    why += differs(desk.ask("get"), 0, secret="ours")
    why += differs(desk.ask("erase"), 0, erased=1, left=1)
    why += differs(desk.ask("get"), 0, secret="theirs")
    desk.tool("store", *words, text=b"one\r\n")
    why += differs(desk.ask("get"), 0, secret="one")
    desk.tool("store", *words, text=b"one\ntwo\n")
    return why + differs(desk.ask("get", secrets=["two"]), 78,
                         error="line break")


def for_others(place):
    """secret-tool, and so msmtp, finds ours"""
    desk = place.desk()
    desk.store("hunter2")
    got = desk.tool("lookup", "host", HOST, "service", "smtp", "user", USER)
    return [] if got == b"hunter2" else [repr(got)]


def whose(place):
    """by host, user and kind; of several accounts its own first"""
    desk = place.desk()
    desk.store("one")
    desk.store("two", account="other")
    desk.store("secret", kind="client-secret")
    why = []
    for pairs, secret in (({}, "one"), ({"account": "other"}, "two"),
                          ({"kind": "client-secret"}, "secret"),
                          ({"host": "other.example"}, None),
                          ({"user": "you@example.org"}, None),
                          ({"user": ""}, None)):
        why += differs(desk.ask("get", **pairs), 0, secret=secret)
    why += differs(desk.ask("get", account="renamed",
                            kind="client-secret"), 0, secret="secret")
    desk.ask("erase")
    why += differs(desk.ask("get"), 0, secret=None)
    return why + differs(desk.ask("get", kind="client-secret"), 0,
                         secret="secret")


def no_user(place):
    """without a user"""
    desk = place.desk()
    why = differs(desk.ask("store", user=None, secret="hunter2"), 0)
    return why + differs(desk.ask("get", user=None), 0, secret="hunter2")


def locked(place):
    """locked is not absent, and is no reason to ask anybody"""
    desk = place.desk()
    desk.store("hunter2")
    desk.lock()
    why = []
    for verb, more in (("get", {}), ("store", {"secret": "hunter3"}),
                       ("erase", {})):
        answer = desk.ask(verb, secrets=["hunter2"], **more)
        why += differs(answer, 75, error="the keyring is locked: log in")
        if answer.seconds > 5:
            why.append("%s took %.1f s" % (verb, answer.seconds))
    why += differs(desk.ask("get", host="other.example"), 0, secret=None)
    desk.close_keyring()
    desk.open()
    return why + differs(desk.ask("get"), 0, secret="hunter2")


def opens_by_itself(place):
    """a locked keyring without a password opens without a prompt"""
    desk = place.desk(keyring="plain")
    if not wait_until(lambda: desk.ask("get").status == 0):
        return [str(desk.ask("get"))]
    desk.store("hunter2")
    desk.lock()
    return differs(desk.ask("get"), 0, secret="hunter2")


def nobody_to_prompt(place):
    """locked, with a person, and no program that could ask: no hang"""
    desk = place.desk()
    desk.store("hunter2")
    desk.lock()
    answer = desk.ask("get", interactive=1, timeout=120)
    if answer.status == 75 and answer.seconds < 100:
        return []
    return [str(answer)]


def none_yet(place):
    """no keyring was ever made: a person has to"""
    desk = place.desk(keyring="started")
    why = []
    if not wait_until(lambda: desk.ask("get").status == 0):
        why = ["not started: %s" % (desk.ask("get"),)]
    return why + differs(desk.ask("store", secret="hunter2"), 78,
                         error="there is no default keyring yet")


def run(place, pool, tap):
    run_all(place, pool, tap, [
        an_entry, outlives, of_others, for_others, whose, no_user, locked,
        opens_by_itself, nobody_to_prompt, none_yet])
