# SPDX-License-Identifier: GPL-3.0-or-later
"""trouble - each way in which there can be no keyring has words of its own"""
import os
import socket
import subprocess

from desk import HOST, differs, run_all

LATE = 26  # seconds: relay-keyring gives up before


def no_bus(place):
    """no bus: a timer, and nobody is logged in"""
    desk = place.desk(keyring=None)
    why = differs(desk.ask("get", env=hidden_run(place, desk.bare)), 75,
                  error="there is no session bus of user %d" % os.geteuid())
    os.unlink(desk.runtime + "/bus")
    env = hidden_run(place, dict(desk.bare, XDG_RUNTIME_DIR=desk.runtime))
    return why + differs(desk.ask("get", env=env), 75,
                         error="there is no session bus")


def hidden_run(place, env):
    """Where /run/user/UID/bus is there, this machine's own is in the way."""
    if os.path.exists("/run/user/%d/bus" % os.geteuid()):
        raise RuntimeError("log out first: /run/user/%d/bus is there" %
                           os.geteuid())
    return env


def finds_the_bus(place):
    """a timer finds the session's bus in XDG_RUNTIME_DIR"""
    desk = place.desk()
    desk.store("hunter2")
    env = dict(desk.bare, XDG_RUNTIME_DIR=desk.runtime)
    return differs(desk.ask("get", env=env), 0, secret="hunter2")


def finds_the_usual_bus(place):
    """cron finds it in /run/user/UID, without any variable"""
    desk = place.desk()
    desk.store("hunter2")
    question = ("account=mine\nkind=password\nhost=%s\n"
                "user=me@example.org\n\n" % HOST).encode()
    script = ("mount -t tmpfs none /run && mkdir -p /run/user && "
              "ln -s \"$2\" /run/user/$(id -u) && exec \"$1\" get")
    ran = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh",
                          place.keyring, desk.runtime], input=question,
                         env=desk.bare, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    if ran.stdout != b"secret=hunter2\n\n":
        return [str(ran)]
    return []


def somebody_elses_bus(place):
    """a bus of somebody else's is none"""
    desk = place.desk(keyring=None)
    os.chown(desk.runtime + "/bus", 12345, -1)
    env = hidden_run(place, dict(desk.bare, XDG_RUNTIME_DIR=desk.runtime))
    return differs(desk.ask("get", env=env), 75,
                   error="there is no session bus")


def stale_bus(place):
    """the address of a session that has ended"""
    desk = place.desk(keyring=None)
    desk.close()
    why = differs(desk.ask("get"), 75, error="cannot reach the session bus at "
                  + desk.address)
    os.unlink(desk.runtime + "/bus")
    why += differs(desk.ask("get"), 75, error="cannot reach the session bus")
    env = dict(desk.env, DBUS_SESSION_BUS_ADDRESS="nonsense")
    return why + differs(desk.ask("get", env=env), 75,
                         error="cannot reach the session bus at nonsense")


def silent_bus(place):
    """a bus that takes the connection and says nothing"""
    path = place.directory() + "/bus"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        answer = place.ask("get", {
            "PATH": "/bin", "LC_ALL": "C",
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=" + path})
    why = differs(answer, 75, error="did not answer")
    if answer.seconds > LATE:
        why.append("took %.0f s" % answer.seconds)
    return why


def no_provider(place):
    """a bus on which nobody has a keyring"""
    desk = place.desk(keyring=None)
    why = []
    for verb in ("get", "store", "erase"):
        why += differs(desk.ask(verb, secret="hunter2"), 78,
                       error="no keyring runs in this session: install")
    return why


def hanging(place):
    """a keyring that hangs"""
    desk = place.desk()
    desk.store("hunter2")
    desk.stop_answering()
    answer = desk.ask("get", secrets=["hunter2"])
    why = differs(answer, 75, error="did not answer")
    if answer.seconds > LATE:
        why.append("took %.0f s" % answer.seconds)
    return why


def backends(place):
    """SECRET_BACKEND: service is ours; file and nonsense are refused"""
    desk = place.desk()
    desk.store("hunter2")
    why = []
    for word in ("", "service"):
        env = dict(desk.env, SECRET_BACKEND=word)
        why += differs(desk.ask("get", env=env), 0, secret="hunter2")
    for word in ("file", "nonsense", "x\ny"):
        answer = desk.ask("get", env=dict(desk.env, SECRET_BACKEND=word))
        why += differs(answer, 78, error="SECRET_BACKEND is set to `")
        if answer.seconds > 2:
            why.append("%s took %.1f s" % (word, answer.seconds))
    return why


def bad_questions(place):
    """what is no question"""
    desk = place.desk()
    why = []
    for raw, error in (
            (b"hunter2\n\n", "this is no question: line 1 is not KEY=VALUE"),
            (b"", "the question lacks `account`"),
            (b"account=a\nkind=password\n\n", "the question lacks `host`"),
            (b"account=a\naccount=b\n\n", "says `account` a second time"),
            (b"account=a\0\n\n", "NUL"),
            (b"account=a\nkind=password\nhost=h\nuser=\xff\n\n",
             "`user` is not valid UTF-8")):
        why += differs(desk.ask("get", raw=raw, secrets=["hunter2"]), 78,
                       error=error)
    why += differs(desk.ask("store", secret=None), 78,
                   error="the question lacks `secret`")
    why += differs(desk.ask("get", new="1"), 0)
    ran = subprocess.run([place.keyring, "list"], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, env=desk.env)
    if ran.returncode != 64 or ran.stdout or b"usage" not in ran.stderr:
        why.append(str(ran))
    return why


def nobody_listens(place):
    """the answer cannot be written"""
    desk = place.desk()
    desk.store("hunter2")
    question = "account=mine\nkind=password\nhost=%s\nuser=me@example.org\n\n"
    with open("/dev/full", "wb") as full:
        ran = subprocess.run([place.keyring, "get"], stdout=full,
                             input=(question % HOST).encode(), env=desk.env,
                             stderr=subprocess.PIPE)
    return [str(ran)] if ran.returncode != 74 or ran.stderr else []


def run(place, pool, tap):
    run_all(place, pool, tap, [
        no_bus, finds_the_bus, finds_the_usual_bus, somebody_elses_bus,
        stale_bus, silent_bus, no_provider, hanging, backends, bad_questions,
        nobody_listens])
