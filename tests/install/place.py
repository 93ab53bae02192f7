# SPDX-License-Identifier: GPL-3.0-or-later
"""place - a build, what it installs, and fresh systems to install it into

Everything is below a tmpfs of our own mount namespace and goes with it, but the
fresh Debian that all copies share, which takes a minute to fetch.
"""
import glob
import os
import re
import shutil
import stat
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
SCRATCH = "/mnt"
PROGRAMS = {"relay-drop": "relaydrop", "relay-queue": "relayq"}
CODENAME = re.compile(r"^VERSION_CODENAME=(\w+)$", re.M)


def run(*argv, check=True, env=None, **more):
    """Run a program to its end; both its outputs are .stdout."""
    environment = dict(os.environ, LC_ALL="C", **(env or {}))
    environment.pop("LANGUAGE", None)
    return subprocess.run(argv, check=check, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more)


def listing(top, places=("",), owners=False):
    """Lines "MODE [OWNER:GROUP] PATH [-> LINK]" of all but root's plain
    directories."""
    lines = []
    for start in places:
        for folder, folders, files in os.walk(os.path.join(top, start)):
            for name in folders + files:
                path = os.path.join(folder, name)
                st = os.lstat(path)
                mode = "%04o" % stat.S_IMODE(st.st_mode)
                if stat.S_ISLNK(st.st_mode):
                    name = " -> " + os.readlink(path)
                    mode = "link"
                elif stat.S_ISDIR(st.st_mode):
                    if not owners and mode == "0755":
                        continue
                    name = "/"
                else:
                    name = ""
                who = " %d:%d" % (st.st_uid, st.st_gid) if owners else ""
                lines.append("%s%s /%s%s" % (
                    mode, who, os.path.relpath(path, top), name))
    return sorted(lines, key=lambda line: line.split(" /")[1])


def difference(want, got):
    """What is wrong when two lists of lines are not the same."""
    return (["lacks " + line for line in want if line not in got] +
            ["has   " + line for line in got if line not in want])


class Place:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.source = os.path.dirname(os.path.dirname(HERE))
        self.scratch = SCRATCH
        self._count = 0
        self._installed = self._package = None
        run("mount", "--make-rprivate", "/")
        # Where the build or the tree are there, it covers them.
        for path in (self.build, self.source):
            if path.startswith(SCRATCH + "/"):
                self.scratch = "/media"
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "none", self.scratch)

    def directory(self):
        self._count += 1
        path = os.path.join(self.scratch, str(self._count))
        os.mkdir(path)
        return path

    def make(self, *words):
        return run("make", "-s", "-C", self.build, *words)

    def installed(self):
        """The DESTDIR of a `make install`."""
        if self._installed is None:
            path = self.directory()
            self.make("install", "DESTDIR=" + path)
            self._installed = path
        return self._installed

    def package(self):
        """The Debian package, built once from the release archive."""
        if self._package is None:
            out = self.directory()
            self.make("dist")
            tarball = max(glob.glob(self.build + "/relay-*.tar.xz"),
                          key=os.path.getmtime)
            run(self.source + "/scripts/packaging/build-deb", "-t", tarball,
                out, env={"DEB_BUILD_OPTIONS": "nocheck parallel=2"})
            os.remove(tarball)
            self._package = glob.glob(out + "/relay_*.deb")[0]
        return self._package

    # --- fresh systems ------------------------------------------------------

    def debian(self):
        """A minimal Debian like this one, as it was unpacked."""
        base = os.path.join(self.build, "install-root")
        if os.path.basename(os.path.dirname(self.build)) == "build-check":
            base = os.path.join(os.path.dirname(self.build), "cache",
                                "install-root")
        if not os.path.exists(os.path.join(base, "complete")):
            self._fetch_debian(base)
        return os.path.join(base, "root")

    def _fetch_debian(self, base):
        shutil.rmtree(base, ignore_errors=True)
        os.makedirs(base)
        root = os.path.join(base, "root")
        with open("/etc/os-release", encoding="utf-8") as file:
            codename = CODENAME.search(file.read()).group(1)
        sources = [line.split() for line in run(
            "apt-get", "indextargets", "--format",
            "$(REPO_URI) $(RELEASE) $(COMPONENT)",
            "Created-By: Packages").stdout.splitlines()]
        sources = [words for words in sources
                   if words[1].split("-")[0] == codename]
        mirror = [words[0] for words in sources if words[1] == codename][0]
        run("debootstrap", "--variant=minbase", codename, root, mirror)
        with open(os.path.join(root, "etc/apt/sources.list"), "w",
                  encoding="utf-8") as file:
            file.writelines("deb %s %s %s\n" % tuple(words)
                            for words in sources)
        proxies = run("apt-config", "dump").stdout.splitlines()
        with open(os.path.join(root, "etc/apt/apt.conf.d/proxy"), "w",
                  encoding="utf-8") as file:
            file.writelines(line + "\n" for line in proxies
                            if re.match(r"Acquire::\w+::Proxy ", line))
        with open(os.path.join(base, "complete"), "w", encoding="ascii"):
            pass

    def system(self):
        """A System: a copy of the minimal Debian."""
        return System(self.debian(), self.directory())


class System:
    """A root directory; what is changed in it is kept beside it."""

    def __init__(self, lower, scratch):
        self.root = os.path.join(scratch, "root")
        for name in ("upper", "work", "root"):
            os.mkdir(os.path.join(scratch, name))
        run("mount", "-t", "overlay", "-o",
            "lowerdir=%s,upperdir=%s/upper,workdir=%s/work" % (
                lower, scratch, scratch), "none", self.root)
        run("mount", "-t", "proc", "none", self.path("proc"))
        run("mount", "--bind", "/dev", self.path("dev"))
        shutil.copy("/etc/resolv.conf", self.path("etc/resolv.conf"))
        self.write("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def run(self, *argv, **more):
        env = {"DEBIAN_FRONTEND": "noninteractive", "HOME": "/root",
               "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        env.update(more.pop("env", {}))
        return run("/usr/sbin/chroot", self.root, *argv, env=env, **more)

    def number(self, table, name):
        """The uid or gid of a name."""
        return int(self.run("getent", table, name).stdout.split(":")[2])

    def spool_layout(self, spool):
        """The layout as it must be, in the form of listing()."""
        relay = self.number("passwd", "relay")
        groups = {name: self.number("group", name)
                  for name in ("relay", "relaydrop", "relayq")}
        return ["%s %d:%d %s%s/" % (mode, relay, groups[group], spool, name)
                for mode, group, name in LAYOUT]


LAYOUT = (
    ("0711", "relay", ""),
    ("0700", "relay", "/bad"),
    ("1770", "relaydrop", "/drop"),
    ("1770", "relayq", "/failed"),
    ("1770", "relayq", "/hold"),
    ("2750", "relayq", "/log"),
    ("1770", "relayq", "/new"),
    ("0700", "relay", "/pause"),
    ("0700", "relay", "/tmp"),
)
