# SPDX-License-Identifier: GPL-3.0-or-later
"""powercut - what a power cut can leave behind, and whether that will do

A command runs once under fpt, which records each change of files below a
directory and each fsync.  For every moment of that record the trees are built
that a cut could leave: what was made durable is always there, the rest may be
or not, alone and in many mixes; a write may be torn, or its bytes may be zeros
although the file has its length.

Models of what fsync makes durable, the weakest first:
  posix    of a file its content; of a directory the names in it
  linux    the same, and a file's fsync also makes the names of that file
           durable (as ext4, xfs and btrfs do)
  journal  the same, and each fsync makes all earlier changes of names durable
A rename to another directory may leave both names, never none.

Not modelled: bad sectors, disks that lie about flushing, shared writable
mappings and io_uring (a record with the first is refused).
"""
import hashlib
import os
import random
import shutil
import stat

import place
import trial

MODELS = ("posix", "linux", "journal")
CALLS = trial.FILE_CALLS + ["mmap", "sync", "sendto", "recvfrom", "symlinkat"]
BLOCK = 4096
NAMES = {"add", "del", "mkdir", "rmdir", "symlink"}
DATA = {"write", "trunc", "attr"}
SYNCS = {"syncfile", "syncdir", "syncall"}


def unhex(word):
    return b"" if word == "-" else bytes.fromhex(word)


class Op:
    """One line of the record."""
    __slots__ = ("kind", "inode", "path", "to", "offset", "data", "mode",
                 "owner", "needs", "is_birth")

    def __init__(self, kind, **values):
        self.kind = kind
        self.inode = self.offset = self.mode = 0
        self.path = self.to = self.data = b""
        self.owner = (0, 0)
        self.needs = None  # this one only together with that one
        self.is_birth = False  # owner and mode that a new file has
        for name, value in values.items():
            setattr(self, name, value)

    @property
    def is_change(self):
        return self.kind in DATA or self.kind in NAMES or self.kind == "rename"

    def __str__(self):
        return "%s %s" % (self.kind, os.fsdecode(os.path.basename(self.path)))


def parse_rename(f):
    old, new, inode = unhex(f[3]), unhex(f[4]), int(f[2])
    if os.path.dirname(old) == os.path.dirname(new):
        return [Op("rename", inode=inode, path=old, to=new)]
    add = Op("add", inode=inode, path=new)
    return [add, Op("del", inode=inode, path=old, needs=add)]


def parse_line(line):
    f = line.rstrip("\n").split(" ")
    kind = f[0]
    inode = int(f[2]) if len(f) > 2 and kind not in ("in", "out", "exit",
                                                     "unsupported") else 0
    if kind == "unsupported":
        raise RuntimeError("the record has a " + f[2])
    if kind == "rename":
        return parse_rename(f)
    if kind == "attr":
        return [Op(kind, inode=inode, mode=int(f[3], 8),
                   owner=(int(f[4]), int(f[5])))]
    if kind == "mkdir":
        return [Op(kind, inode=inode, path=unhex(f[3]), mode=int(f[4], 8))]
    if kind == "symlink":
        return [Op(kind, inode=inode, path=unhex(f[3]), to=unhex(f[4]))]
    if kind == "write":
        return [Op(kind, inode=inode, offset=int(f[3]), data=unhex(f[4]))]
    if kind == "trunc":
        return [Op(kind, inode=inode, offset=int(f[3]))]
    if kind in ("add", "del", "rmdir") or kind in SYNCS:
        return [Op(kind, inode=inode, path=unhex(f[3]))]
    if kind in ("in", "out"):
        return [Op(kind, data=unhex(f[2]))]
    if kind == "exit":
        return [Op(kind, mode=int(f[2]))]
    return []  # inode


def parse(path):
    ops, born = [], False
    with open(path) as file:
        for line in file:
            for op in parse_line(line):
                op.is_birth = born
                ops.append(op)
            born = line.startswith("inode ")
    return ops


# --- trees -------------------------------------------------------------------

# A tree is ({inode: (type, content, mode, owner)}, {path: inode}).

UNKNOWN = ("f", b"", 0o600, (0, 0))


def snapshot(root):
    inodes, names = {}, {}
    for top, directories, files in os.walk(os.fsencode(root)):
        for name in directories + files:
            path = os.path.join(top, name)
            st = os.lstat(path)
            kind, content = "s", b""
            if stat.S_ISDIR(st.st_mode):
                kind = "d"
            elif stat.S_ISLNK(st.st_mode):
                kind, content = "l", os.readlink(path)
            elif stat.S_ISREG(st.st_mode):
                kind = "f"
                with open(path, "rb") as file:
                    content = file.read()
            names[path] = st.st_ino
            inodes[st.st_ino] = (kind, content, stat.S_IMODE(st.st_mode),
                                 (st.st_uid, st.st_gid))
    return inodes, names


def apply_data(inodes, op, data):
    kind, content, mode, owner = inodes.get(op.inode, UNKNOWN)
    if op.kind == "write":
        content = content.ljust(op.offset, b"\0")
        content = (content[:op.offset] + data +
                   content[op.offset + len(data):])
    elif op.kind == "trunc":
        content = content[:op.offset].ljust(op.offset, b"\0")
    else:
        mode, owner = op.mode, op.owner
    inodes[op.inode] = (kind, content, mode, owner)


def apply_name(inodes, names, op):
    if op.kind == "mkdir":
        inodes[op.inode] = ("d", b"", op.mode, (0, 0))
    elif op.kind == "symlink":
        inodes[op.inode] = ("l", op.to, 0o777, (0, 0))
    if op.kind in ("del", "rmdir"):
        names.pop(op.path, None)
    elif op.kind == "rename":
        names.pop(op.path, None)
        names[op.to] = op.inode
        for path in [p for p in names if p.startswith(op.path + b"/")]:
            names[op.to + path[len(op.path):]] = names.pop(path)
    else:
        names[op.path] = op.inode


def apply(base, ops, chosen, altered):
    """`altered`: {index: other bytes} of writes that came out differently"""
    inodes, names = dict(base[0]), dict(base[1])
    for op in ops:
        if op.is_birth and op.kind == "attr":
            inodes.setdefault(op.inode, ("f", b"", op.mode, op.owner))
    for i in chosen:
        if ops[i].kind in DATA:
            apply_data(inodes, ops[i], altered.get(i, ops[i].data))
        else:
            apply_name(inodes, names, ops[i])
    return {path: inodes.get(inode, UNKNOWN) + (inode,)
            for path, inode in sorted(names.items())}


def build(tree, root, top):
    """Write a tree that was below `root` into the directory `top`."""
    made = {}
    for path, (kind, content, mode, owner, inode) in tree.items():
        to = os.fsencode(top) + path[len(root):]
        if not os.path.isdir(os.path.dirname(to)):
            continue  # its directory is gone, and so is it
        if inode in made and kind == "f":
            os.link(made[inode], to)
            continue
        if kind == "l":
            os.symlink(content, to)
            continue
        if kind == "d":
            os.mkdir(to)
        elif kind == "s":
            os.mkfifo(to)
        else:
            with open(to, "wb") as file:
                file.write(content)
        made[inode] = to
        if os.geteuid() == 0:
            os.chown(to, *owner)
        os.chmod(to, mode)


# --- moments and mixes -------------------------------------------------------

def makes_durable(sync, op, model):
    if sync.kind == "syncall":
        return True
    if op.kind in DATA:
        return sync.kind == "syncfile" and op.inode == sync.inode
    if sync.kind == "syncdir" and os.path.dirname(op.path) == sync.path:
        return True
    if model == "journal":
        return True
    return model == "linux" and sync.kind == "syncfile" and \
        op.inode == sync.inode and op.kind in ("add", "rename")


def durable(ops, moment, model):
    """Indexes of what a cut at `moment` cannot undo."""
    safe = set()
    for j in range(moment):
        if ops[j].kind in SYNCS:
            safe |= {i for i in range(j) if ops[i].is_change and
                     makes_durable(ops[j], ops[i], model)}
    return safe


def mixes(ops, loose, chance, count):
    """(name, indexes that made it, {index: altered bytes})"""
    everything = set(loose)
    yield "none", set(), {}
    yield "all", everything, {}
    yield "names only", {i for i in loose if ops[i].kind not in DATA}, {}
    yield "data only", {i for i in loose if ops[i].kind in DATA}, {}
    for i in loose:
        yield "without " + str(ops[i]), everything - {i}, {}
        yield "only " + str(ops[i]), {i}, {}
        if ops[i].kind != "write" or len(ops[i].data) < 2:
            continue
        data = ops[i].data
        cuts = {len(data) // 2, len(data) - 1, BLOCK * (len(data) // BLOCK)}
        for cut in cuts - {0, len(data)}:
            yield "torn at %d" % cut, everything, {i: data[:cut]}
        yield "zeros", everything, {i: bytes(len(data))}
        if len(data) > BLOCK:
            hole = bytes(BLOCK) + data[BLOCK:]
            yield "a block of zeros", everything, {i: hole}
    if len(loose) > 2:
        for _ in range(count):
            yield "random", {i for i in loose if chance.random() < .5}, {}


class State:
    """One tree a cut could leave, and what the world outside had seen."""

    def __init__(self, tree, name, done, root):
        self.tree = tree
        self.root = root
        self.name = name
        self.said = b"".join(o.data for o in done if o.kind == "out")
        self.heard = b"".join(o.data for o in done if o.kind == "in")
        # what was heard before the last thing said, or the end
        spoke = [i for i, o in enumerate(done) if o.kind in ("out", "exit")]
        self.settled = b"".join(o.data for o in done[:max(spoke, default=0)]
                                if o.kind == "in")
        self.status = next((o.mode for o in done if o.kind == "exit"), None)

    def digest(self):
        rows = [(path, row[:3]) for path, row in self.tree.items()]
        whole = repr((rows, self.said, self.heard, self.status))
        return hashlib.sha1(whole.encode()).digest()

    def build(self, directory):
        build(self.tree, self.root, directory)


def chosen(ops, moment, safe, mix):
    for i in range(moment):
        if i not in safe and i not in mix:
            continue
        needs = ops[i].needs
        if needs is not None:
            j = ops.index(needs)
            if j not in safe and j not in mix:
                continue
        if ops[i].is_change:
            yield i


def states(ops, base, root, model, count):
    """Every different State, for every moment; `count` mixes by chance for
    each."""
    seen = set()
    chance = random.Random(1)
    for moment in range(len(ops) + 1):
        safe = durable(ops, moment, model)
        loose = [i for i in range(moment)
                 if ops[i].is_change and i not in safe]
        for name, mix, altered in mixes(ops, loose, chance, count):
            tree = apply(base, ops, chosen(ops, moment, safe, mix), altered)
            last = ops[moment - 1] if moment else "start"
            state = State(tree, "%s after %s (%d of %d)" % (
                name, last, moment, len(ops)), ops[:moment], root)
            digest = state.digest()
            if digest not in seen:
                seen.add(digest)
                yield state


# --- the whole ---------------------------------------------------------------

def record(workload, directory):
    """Run it once: (ops, tree before, root)."""
    root = os.path.join(directory, workload.prefixes[0])
    base = snapshot(root)
    path = os.path.join(directory, ".record")
    command = [place.FPT, "-T", path, "-p", root, "-s", ",".join(CALLS),
               "--", *workload.command(directory)]
    status, _, err = trial.run(command, workload.environment(directory),
                               directory, workload.stdin(directory))
    if status not in workload.good:
        raise RuntimeError("%s: status %s: %s" % (workload.name, status, err))
    ops = parse(path)
    if not any(op.is_change for op in ops):
        raise RuntimeError("%s changes nothing" % workload.name)
    return ops, base, os.fsencode(root)


def cuts(workload, model):
    """All states of one workload: Tally.  The workload judges each:
    judge_cut(directory, state) like judge()."""
    tally = trial.Tally()
    directory = place.fresh()
    try:
        workload.prepare(directory)
        ops, base, root = record(workload, directory)
        for state in states(ops, base, root, model, workload.mixes):
            after = place.fresh()
            top = os.path.join(after, workload.prefixes[0])
            os.mkdir(top, 0o700)
            state.build(top)
            word, why = workload.judge_cut(after, state)
            tally.add(word, why and "%s, %s: %s, %s" % (
                workload.name, model, state.name, why))
            shutil.rmtree(after, ignore_errors=True)
    finally:
        workload.clean(directory)
        shutil.rmtree(directory, ignore_errors=True)
    return tally
