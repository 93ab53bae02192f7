# SPDX-License-Identifier: GPL-3.0-or-later
"""units - do those for whom the files of system/ are accept them?"""
import glob
import os

from place import run

UNITS = "/usr/local/lib/systemd/"
EXPOSURE = 1.5  # `systemd-analyze security`: 0 sees nothing, 10 everything


def where_installed(place, *argv):
    """Run a program that sees our /usr/local instead of this machine's."""
    return run("unshare", "--mount", "sh", "-ec",
               'mount --bind "$1" /usr/local\nshift\nexec "$@"', "sh",
               os.path.join(place.installed(), "usr/local"), *argv,
               check=False, env={"XDG_RUNTIME_DIR": place.scratch})


def names(place, folder):
    top = place.installed()
    return [path[len(top):] for path in
            sorted(glob.glob(top + UNITS + folder + "/*"))]


def complaints(done):
    lines = done.stdout.splitlines()
    return lines or (["exit status %d" % done.returncode]
                     if done.returncode else [])


def verify_system(place):
    """systemd-analyze verify: the units of the system"""
    return complaints(where_installed(
        place, "systemd-analyze", "verify", *names(place, "system")))


def verify_user(place):
    """systemd-analyze verify: the units of users"""
    return complaints(where_installed(
        place, "systemd-analyze", "--user", "verify", *names(place, "user")))


def exposure(place, unit):
    done = where_installed(
        place, "systemd-analyze", "security", "--offline=true", "--no-pager",
        "--threshold=%d" % (EXPOSURE * 10), UNITS + "system/" + unit)
    print("# " + done.stdout.splitlines()[-1])
    return done.stdout.splitlines() if done.returncode else []


def flush_is_shut_in(place):
    """systemd-analyze security: relay-flush.service is at most 1.5"""
    return exposure(place, "relay-flush.service")


def drop_is_shut_in(place):
    """systemd-analyze security: relay-drop@.service is at most 1.5"""
    return exposure(place, "relay-drop@.service")


def smtp_is_shut_in(place):
    """systemd-analyze security: relay-smtp@.service is at most 1.5"""
    return exposure(place, "relay-smtp@.service")


def apparmor_parses(place):
    """apparmor_parser takes the profiles"""
    done = run("apparmor_parser", "--skip-kernel-load", "--skip-cache",
               "--quiet", place.installed() +
               "/usr/local/share/doc/relay/examples/apparmor/relay",
               check=False)
    # What it says about this machine's kernel is no fault of ours.
    return complaints(done) if done.returncode else []


def shells_read_them(place):
    """shellcheck: setup-spool, OpenRC, APKBUILD and packages' scripts"""
    top = place.installed() + "/usr/local/"
    packaging = place.source + "/scripts/packaging/"
    files = [top + "libexec/relay/setup-spool", packaging + "build-deb"]
    for pattern in (top + "share/doc/relay/examples/openrc/*",
                    packaging + "alpine/*",
                    packaging + "debian/*.p*"):
        files += sorted(glob.glob(pattern))
    return complaints(run("shellcheck", *files, check=False))


def rpm_parses(place):
    """rpmspec takes the spec"""
    done = run("rpmspec", "--parse",
               place.source + "/scripts/packaging/rpm/relay.spec",
               check=False, env={"HOME": place.scratch})
    return complaints(done) if done.returncode else []


CASES = (verify_system, verify_user, flush_is_shut_in, drop_is_shut_in,
         smtp_is_shut_in, apparmor_parses, shells_read_them, rpm_parses)
