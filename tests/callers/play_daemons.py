# SPDX-License-Identifier: GPL-3.0-or-later
"""play_daemons - what a machine tells its administrator

root is an address without a domain for all of them, and few give a Date.
"""
import os
import socket
import statistics
import subprocess

from machine import USERS, wait_until, write
from office import at_home

ROOT = "root@example.org"


def cron(o, tap):
    """Its jobs are for the start of the machine, so that nobody waits for a
    minute to end."""
    folder = "/var/spool/cron/crontabs"
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir("/etc/cron.d"):
        os.unlink("/etc/cron.d/" + name)
    write("/etc/crontab", "")
    write(folder + "/bob", "LC_ALL=C.UTF-8\n"
          "MAILTO=cron@example.net,cron-2@example.net\n"
          "@reboot printf 'à\\n.\\n..b'\n", 0o600, (USERS["bob"], 0))
    write(folder + "/root", "MAILTO=\"cron-root@example.net\"\n"
          "@reboot echo right; echo wrong >&2; exit 3\n", 0o600, (0, 0))
    daemon = o.start(["cron", "-f", "-L", "0"], stdin=subprocess.DEVNULL)
    o.judge(tap, "cron: two in MAILTO, 8 bits, a dot alone", None,
            {"sender": "bob@example.org",
             "to": ["cron@example.net", "cron-2@example.net"],
             "From": [("Cron Daemon", ROOT)],
             "To": [("", "cron@example.net"), ("", "cron-2@example.net")],
             "fields": {"Subject": ["Cron <bob@client> printf 'à\\n.\\n..b'"]},
             "body": "à\r\n.\r\n..b\r\n".encode()})
    o.judge(tap, "cron: a job of root", None,
            {"sender": ROOT, "to": ["cron-root@example.net"],
             "From": [("Cron Daemon", ROOT)],
             "body": b"right\r\nwrong\r\n"})
    o.stop(daemon)


def at(o, tap):
    for name in ("atjobs", "atspool"):
        os.makedirs("/var/spool/cron/" + name, exist_ok=True)
    daemon = o.start(["atd", "-f", "-l", "1000"], stdin=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists("/run/atd.pid"))
    ran = o.call(["at", "-m", "now"], "carol", b"printf 'one\\n.\\ntwo'\n")
    ran = ran._replace(err=b"") if b"job 1 at" in ran.err else ran
    o.judge(tap, "at", ran,
            {"sender": "carol@example.org", "to": ["carol@example.org"],
             "From": [("Carol", "carol@example.org")],
             "To": [("", "carol@example.org")],
             "body": b"one\r\n.\r\ntwo\r\n"})
    o.stop(daemon)


def anacron(o, tap):
    """No -i, and a file that was read before."""
    os.makedirs("/var/spool/anacron", exist_ok=True)
    write("/etc/anacrontab", "LC_ALL=C.UTF-8\nMAILTO=anacron@example.net\n"
          "1 0 job echo one; echo .; echo 'two à'\n")
    ran = o.call(["anacron", "-d", "-n", "-q"], 0)
    o.judge(tap, "anacron: no -i", ran._replace(err=b""),
            {"sender": ROOT, "to": ["anacron@example.net"],
             "From": [("Anacron", ROOT)],
             "To": [("", "anacron@example.net")],
             "body": "one\r\n.\r\ntwo à\r\n".encode()})


def sudo(o, tap):
    """Who may not is reported; Debian's runs the mailer as that user."""
    write("/etc/sudoers", "Defaults mail_no_user, mail_badpass\n"
          "Defaults mailto=sudo@example.net\nDefaults !lecture\n"
          "root ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    write("/etc/pam.d/sudo", "auth sufficient pam_permit.so\n"
          "account sufficient pam_permit.so\n"
          "session sufficient pam_permit.so\n")
    ran = o.call(["sudo", "/bin/true"], "dave")
    o.judge(tap, "sudo", ran._replace(err=b""),
            {"sender": "dave@example.org", "to": ["sudo@example.net"],
             "From": [("", "dave@example.org")],
             "To": [("", "sudo@example.net")],
             "inside": [b" dave : user NOT in sudoers ; PWD=/run/home/dave ; "
                        b"USER=root ; COMMAND=/bin/true\r\n"]}, status=1)


def mdadm(o, tap):
    """Through a shell, -t and no -i; /usr/lib/sendmail."""
    ran = o.call(["mdadm", "--monitor", "--test", "--oneshot",
                  "--mail=mdadm@example.net", "/dev/md0"], 0)
    o.judge(tap, "mdadm --monitor --test", ran._replace(err=b""),
            {"sender": ROOT, "to": ["mdadm@example.net"],
             "From": [("mdadm monitoring", "root@client.test")],
             "To": [("", "mdadm@example.net")],
             "fields": {"Subject": ["TestMessage event on /dev/md0:client.test"
                                    ]},
             "inside": [b"A TestMessage event had been detected on md device "
                        b"/dev/md0.\r\n"]}, out=None)


def smartd(o, tap):
    """Its script calls mail(1), and takes any word of that for trouble."""
    env = {"SMARTD_MAILER": "/usr/bin/mail",
           "SMARTD_ADDRESS": "smartd@example.net", "SMARTD_PREVCNT": "0",
           "SMARTD_NEXTDAYS": "", "SMARTD_DEVICEINFO": "à 1 TB",
           "SMARTD_DEVICE": "/dev/sda", "SMARTD_DEVICESTRING": "/dev/sda",
           "SMARTD_DEVICETYPE": "auto", "SMARTD_FAILTYPE": "EmailTest",
           "SMARTD_TFIRST": "now", "SMARTD_TFIRSTEPOCH": "1795635770",
           "SMARTD_MESSAGE": "TEST EMAIL from smartd for device: /dev/sda"}
    ran = o.call(["/usr/share/smartmontools/smartd_warning.sh"], 0, env=env)
    o.judge(tap, "smartd_warning.sh and mail(1)", ran,
            {"sender": ROOT, "to": ["smartd@example.net"],
             "From": [("root", ROOT)], "To": [("", "smartd@example.net")],
             "inside": [b"TEST EMAIL from smartd for device: /dev/sda\r\n"]})


def logwatch(o, tap):
    """A To for each recipient."""
    for path in ("/var/cache/logwatch", "/etc/logwatch/conf/services",
                 "/etc/logwatch/scripts/services"):
        os.makedirs(path, exist_ok=True)
    write("/etc/logwatch/conf/logwatch.conf", "TmpDir = /var/tmp\n")
    write("/etc/logwatch/conf/services/hello.conf",
          'Title = "hello"\nLogFile = NONE\n')
    write("/etc/logwatch/scripts/services/hello", "print qq(one\n.\ntwo\n);\n")
    ran = o.call(["logwatch", "--output", "mail", "--format", "text",
                  "--range", "all", "--service", "hello", "--mailto",
                  "logwatch@example.net logwatch-2@example.net"], 0)
    to = ["logwatch@example.net", "logwatch-2@example.net"]
    o.judge(tap, "logwatch: a To for each recipient", ran,
            {"sender": ROOT, "to": to, "To": [("", address) for address in to],
             "inside": [b"\r\n one\r\n .\r\n two\r\n",
                                  b"Logwatch End"]})


def fail2ban(o, tap):
    """A server with one jail, which says that it begins."""
    folder = "/run/fail2ban"
    os.makedirs(folder, exist_ok=True)
    write(folder + "/watched", "")
    write("/etc/fail2ban/jail.local", "[DEFAULT]\nbackend = polling\n"
          "[sshd]\nenabled = false\n[it]\nenabled = true\nfilter = none\n"
          "logpath = %s/watched\naction = sendmail[name=it, "
          "dest=fail2ban@example.net, sender=fail2ban, sendername=Fail2Ban]\n"
          % folder)
    write("/etc/fail2ban/filter.d/none.conf", "[Definition]\n"
          "failregex = ^<HOST> is bad$\n")
    base = ["-s", folder + "/sock", "-p", folder + "/pid", "--loglevel",
            "INFO", "--logtarget", folder + "/log", "--syslogsocket", "none"]
    ran = o.call(["fail2ban-client", *base, "start"], 0)
    o.judge(tap, "fail2ban: a sender without a domain, no -i",
            ran._replace(err=b""),
            {"sender": "fail2ban@example.org", "to": ["fail2ban@example.net"],
             "From": [("Fail2Ban", "fail2ban@example.org")],
             "To": [("", "fail2ban@example.net")],
             "fields": {"Subject": ["[Fail2Ban] it: started on client.test"]},
             "inside": [b"The jail it has been started successfully.\r\n"]},
            out=None)
    o.call(["fail2ban-client", *base, "stop"], 0)


def sieve(o, tap):
    """dovecot-lda: a redirect keeps the sender, vacation has none."""
    home = at_home("dave")
    write("/etc/dovecot-lda.conf", "mail_location = maildir:~/Maildir\n"
          "postmaster_address = postmaster@example.org\n"
          "hostname = client.test\nsendmail_path = /usr/sbin/sendmail\n"
          "log_path = %s/log\nssl = no\nprotocols =\n"
          "protocol lda {\n mail_plugins = sieve\n}\n"
          "plugin {\n sieve = ~/.dovecot.sieve\n}\n" % home)
    o.file("dave", ".dovecot.sieve",
           'require ["vacation", "copy"];\n'
           'redirect :copy "redirect@example.net";\n'
           'vacation :subject "Bin weg: für 1 Woche" "à bientôt\n.\nDave";\n'
           .encode())
    message = (b"From: friend@example.net\nTo: dave@example.org\n"
               b"Subject: \xc3\xa0 table\nMessage-ID: <1@example.net>\n"
               b"Date: Wed, 25 Nov 2026 19:42:50 +0000\n\none\n.\ntwo\n")
    ran = o.call(["/usr/lib/dovecot/dovecot-lda", "-c",
                  "/etc/dovecot-lda.conf", "-f", "friend@example.net", "-a",
                  "dave@example.org"], "dave", message)
    o.judge(tap, "dovecot-lda, Sieve: redirect", ran,
            {"sender": "friend@example.net", "to": ["redirect@example.net"],
             "From": [("", "friend@example.net")],
             "fields": {"Subject": ["à table"],
                        "Message-ID": ["<1@example.net>"]},
             "body": b"one\r\n.\r\ntwo\r\n"})
    o.judge(tap, "dovecot-lda, Sieve: vacation, -f <>", None,
            {"sender": "", "to": ["friend@example.net"],
             "From": [("", "dave@example.org")],
             "To": [("", "friend@example.net")],
             "fields": {"Subject": ["Bin weg: für 1 Woche"],
                        "Auto-Submitted": ["auto-replied (vacation)"]},
             "parts": [("text/plain", "à bientôt\n.\nDave\n".encode())]})
    tap.result(len(os.listdir(home + "/Maildir/new")) == 1,
               "dovecot-lda: the message itself is kept")


def procmail(o, tap):
    o.file("bob", ".procmailrc", b"SENDMAIL=/usr/sbin/sendmail\n:0\n"
           b"! procmail@example.net\n")
    ran = o.call(["procmail", "-f", "friend@example.net"], "bob",
                 b"From: friend@example.net\nSubject: s\n"
                 b"Content-Length: 4\n\none\n.\ntwo\n")
    o.judge(tap, "procmail, !", ran,
            {"sender": "bob@example.org", "to": ["procmail@example.net"],
             "From": [("", "friend@example.net")],
             # the empty line is procmail's
             "body": b"one\r\n.\r\ntwo\r\n\r\n"})


def vacation(o, tap):
    """-f, no -i."""
    o.file("carol", ".vacation.msg", b"Subject: away\n\none\n.\ntwo\n")
    ran = o.call(["vacation", "carol"], "carol",
                 b"From other@example.net Wed Nov 25 19:42:50 2026\n"
                 b"From: other@example.net\nTo: carol\nSubject: s\n\nx\n")
    o.judge(tap, "vacation: no -i", ran,
            {"sender": "carol@example.org", "to": ["other@example.net"],
             "To": [("", "other@example.net")],
             "fields": {"Subject": ["away"]},
             "body": b"one\r\n.\r\ntwo\r\n"})


def scripts(o, tap):
    """Lines that stand in many scripts, word for word."""
    cases = (
        ("zed: no empty line", "printf 'Subject: ZFS\\nfirst line\\nlast\\n'"
         " | /usr/sbin/sendmail zed@example.net", {
             "fields": {"Subject": ["ZFS"]},
             "body": b"first line\r\nlast\r\n"}),
        ("rkhunter: several words, no From", "M='rkhunter@example.net root'; "
         "(echo 'Subject: [rkhunter] daily'; echo \"To: rkhunter@example.net, "
         "root\"; echo; echo one; echo .; echo two) | /usr/sbin/sendmail $M",
         {"to": ["rkhunter@example.net", ROOT], "From": [("root", ROOT)],
          "body": b"one\r\n.\r\ntwo\r\n"}),
        ("echo | sendmail root", "echo hello | /usr/lib/sendmail "
         "echo@example.net", {"body": b"hello\r\n"}),
        ("msmtp's users: read-recipients", "printf 'From: a@example.org\\nTo: "
         "msmtp@example.net\\nBcc: msmtp-2@example.net\\nSubject: à\\n\\nx\\n'"
         " | sendmail -t -f a@example.org --",
         {"to": ["msmtp@example.net", "msmtp-2@example.net"],
          "sender": "a@example.org", "fields": {"Subject": ["à"]}}))
    for name, line, want in cases:
        to = line.split("@example.net")[0].split()[-1].strip("'=\"M")
        o.judge(tap, name, o.call(["sh", "-c", line], 0),
                {"to": [to + "@example.net"], "sender": ROOT} | want)


def in_the_dark(o, tap):
    """A name server that never answers, and 30 messages in a row."""
    with open("/etc/nsswitch.conf", encoding="utf-8") as file:
        switch = file.read()
    write("/etc/nsswitch.conf", switch.replace("hosts: files", "hosts: dns"))
    write("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:30\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))
        ran = o.call(["timeout", "1", "getent", "hosts", "client.test"])
        if ran.status != 124:
            tap.result(False, "the name server is silent", [str(ran)])
        for user in ("alice", "bob"):
            to = ["dark-%s-%d@example.net" % (user, i) for i in range(30)]
            seconds = []
            for address in to:
                ran = o.call(["/usr/sbin/sendmail", address], user,
                             b"Subject: s\n\nx\n")
                seconds.append(ran.seconds if ran.status == 0 else 99)
            came = o.arrived(to, 30)
            o.seen.update(tuple(stored.recipients) for stored in came)
            tap.result(statistics.median(seconds) < 0.05 and
                       max(seconds) < 1 and len(came) == 30,
                       "no name is asked for: 30 messages of %s, %.0f ms "
                       "each" % (user, statistics.median(seconds) * 1000),
                       [str(seconds), "%d came" % len(came)])
    write("/etc/nsswitch.conf", switch)


def run(o, tap):
    for part in (cron, at, anacron, sudo, mdadm, smartd, logwatch, fail2ban,
                 sieve, procmail, vacation, scripts, in_the_dark):
        part(o, tap)
