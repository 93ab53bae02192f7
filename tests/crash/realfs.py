# SPDX-License-Identifier: GPL-3.0-or-later
"""realfs - power cuts on real file systems: ext4, XFS, btrfs on loop devices

The shutdown ioctl stops the file system without writing its log; what reached
the image until then is copied, and the copy is mounted, which replays the
journal.  btrfs has no such ioctl, and is copied while it is mounted: it writes
by itself only every five minutes.  Needs root, loop devices, e2fsprogs,
xfsprogs and btrfs-progs.

The device is set up by hand: "mount -o loop" frees it some time after umount,
and using it again at once gave I/O errors that look like lost messages.
"""
import os
import shutil
import subprocess
import time

import ahead
import flush
import place
import submit
import trial

KINDS = {
    "ext4": (["mkfs.ext4", "-q", "-F", "-E",
              "lazy_itable_init=0,lazy_journal_init=0"], 32 << 20, "defaults"),
    "xfs": (["mkfs.xfs", "-q", "-f"], 320 << 20, "nouuid"),
    "btrfs": (["mkfs.btrfs", "-q", "-f", "-M", "-m", "single", "-d",
               "single"], 64 << 20, "commit=300"),
}
# Of a delivery, the calls that say or record something.
WORDS = {"sendto", "recvfrom", "unlinkat", "fsync", "write", "renameat2"}
SBIN = ":/usr/sbin:/sbin"


def call(*command):
    env = dict(os.environ)
    env["PATH"] = env.get("PATH", "/usr/bin:/bin") + SBIN
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (
            " ".join(command), done.stdout.decode(errors="replace").strip()))
    return done.stdout.decode().strip()


def copy(old, new):
    call("cp", "--sparse=always", old, new)


def make(kind, path):
    command, size, _ = KINDS[kind]
    with open(path, "wb") as file:
        file.truncate(size)
    call(*command, path)


def empty_image(kind, path):
    """An empty file system of this kind.  It is made once and copied, but for
    btrfs, of which two with the same name cannot be mounted at a time."""
    template = os.path.join(place.BASE, kind + ".image")
    if kind == "btrfs":
        make(kind, path)
        return
    if not os.path.exists(template):
        make(kind, template + ".new")
        os.rename(template + ".new", template)
    copy(template, path)


class Disk:
    """A file system on a loop device, mounted on `point`."""

    def __init__(self, kind, point):
        self.kind = kind
        self.point = point
        self.image = point + ".image"
        self.device = None
        empty_image(kind, self.image)
        os.makedirs(point, exist_ok=True)
        self._attach()

    def _attach(self):
        self.device = call("losetup", "--find", "--show", self.image)
        call("mount", "-t", self.kind, "-o", KINDS[self.kind][2], self.device,
             self.point)

    def _detach(self):
        call("umount", self.point)
        call("losetup", "-d", self.device)
        for _ in range(100):
            if self.image not in call("losetup", "-a"):
                break
            time.sleep(0.01)
        self.device = None

    def cut(self):
        """The power fails, and comes back."""
        if self.kind != "btrfs":
            call("xfs_io", "-x", "-c", "shutdown", self.point)
        copy(self.image, self.image + ".after")
        self._detach()
        os.rename(self.image + ".after", self.image)
        self._attach()

    def remove(self):
        if self.device is not None:
            self._detach()
        os.unlink(self.image)


def works():
    """None, or why there can be no real file systems here."""
    point = os.path.join(place.BASE, "probe")
    try:
        for kind in KINDS:
            disk = Disk(kind, point)
            disk.cut()
            disk.remove()
    except (RuntimeError, OSError) as why:
        return str(why)
    return None


def cut_at(workload, kind, number, mode):
    """One trial: the power fails when call `number` is reached ("": after the
    end of the run)."""
    directory = place.fresh()
    point = os.path.join(directory, workload.prefixes[0])
    disk = Disk(kind, point)
    try:
        workload.prepare(directory)
        call("sync", "-f", point)
        options = ["-n", number, "-a", mode] if number else []
        outcome = trial.traced(workload, directory, options)
        disk.cut()
        hit = next((c for c in outcome.calls if c.number == number), None)
        if number and hit is None:
            return "NOT-REACHED", "call %s was not reached" % number
        word, why = workload.judge_real(directory, outcome, hit, mode)
        if why:
            why = "%s on %s, %s at call %s: %s, status %s" % (
                workload.name, kind, mode, number, why, outcome.status)
        return word, why
    finally:
        workload.clean(directory)
        disk.remove()
        shutil.rmtree(directory, ignore_errors=True)


def all_cuts(workload, kind, only_end=False):
    """(Tally) of cuts at every call and after the end."""
    tally = trial.Tally()
    tally.add(*cut_at(workload, kind, "", "end"))
    if only_end:
        return tally
    for call_ in workload.chosen(trial.dry(workload)):
        for mode in trial.KILLS:
            tally.add(*cut_at(workload, kind, call_.number, mode))
    return tally


class Submission:
    def judge_real(self, directory, outcome, hit, mode):
        return self.judge_queue(
            directory, outcome.status,
            submit.was_renamed(outcome.calls, hit, mode) or hit is None)

    def chosen(self, calls):
        return calls


class Plain(Submission, submit.Plain):
    prefixes = ["queue"]

    def prepare(self, directory):
        for name in ("queue", "queue/tmp", "queue/new"):
            os.makedirs(os.path.join(directory, name), 0o700, exist_ok=True)
        place.write(directory, "message", self.message)


class FirstUse(Submission, submit.FirstUse):
    prefixes = ["home"]

    def prepare(self, directory):
        os.makedirs(os.path.join(directory, "home"), exist_ok=True)
        place.write(directory, "message", self.message)


class Delivery:
    def judge_real(self, directory, outcome, hit, mode):
        if hit is not None:
            return self.judge(directory, outcome, mode, hit)
        word, why = self.judge(directory, outcome, "after", outcome.calls[-1])
        if word == "duplicate":
            why = "delivered twice although it had ended"
        return word, why

    def chosen(self, calls):
        return trial.thinned([c for c in calls if c.name in WORDS], 3)


class Three(Delivery, flush.Three):
    pass


class Chunks(Delivery, ahead.Chunks):
    pass


def suite(pool, tap):
    why = works()
    if why:
        tap.comment("no real file systems were tried: " + why)
        return
    jobs = {(kind, workload): pool.submit(all_cuts, workload(), kind)
            for workload in (Plain, FirstUse, Three, Chunks)
            for kind in KINDS}
    mutants = {}
    for workload in (Plain, Chunks):
        mutant = workload()
        mutant.left_out = "d"
        for kind in KINDS:
            mutants[kind, workload] = pool.submit(all_cuts, mutant, kind, True)
    for (kind, workload), job in jobs.items():
        tally = job.result()
        tap.result(not tally.bad, "%s, power cut, real %s" % (
            workload.name, kind), tally.bad)
        tap.figures([tally])
    for (kind, workload), job in mutants.items():
        tap.result(bool(job.result().bad),
                   "noticed (%s, real %s): without fsync of new/" % (
                       workload.name, kind), ["nothing was noticed"])
