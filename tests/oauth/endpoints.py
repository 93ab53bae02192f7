# SPDX-License-Identifier: GPL-3.0-or-later
"""endpoints - every answer that an endpoint can give, and what becomes of it

After each: the right exit status and words, no secret in them, the old refresh
token or the new one in the store, and nothing beside it.
"""
import base64
import json
import os
import ssl
import subprocess
import time

from endpoint import (Answer, error, flood, half, hang, hang_up, tokens)

OLD, NEW = "old-refresh-7aa1", "new-refresh-9bb2"
ACCESS = "new-access-3cc4"
SECRETS = (OLD, NEW, ACCESS, "client-secret-5dd6")
DONE, LATER, PERSON = 0, 75, 78


class Case:
    """`left`: whose refresh token the store must have afterwards."""

    def __init__(self, name, answer, status, words="", left=OLD, posts=1):
        self.name, self.answer, self.status = name, answer, status
        self.words, self.left, self.posts = words, left, posts


def microsoft(number, text, word="invalid_grant"):
    return error(word, "AADSTS%s: %s\r\nTrace ID: 1-2\r\nTimestamp: now"
                 % (number, text))


LOGIN = "relay login work"
CASES = [
    Case("rotation", tokens(ACCESS, NEW), DONE, left=NEW),
    Case("no rotation", tokens(ACCESS), DONE),
    Case("an empty refresh token", tokens(ACCESS, ""), DONE),
    Case("expires_in as a string", tokens(ACCESS, NEW, "3599"), DONE,
         left=NEW),
    Case("no expires_in", Answer({"access_token": ACCESS}), DONE),
    Case("more than was asked for",
         tokens(ACCESS, NEW, id_token="x.y.z", nested={"a": [1, {}]}), DONE,
         left=NEW),
    Case("503", Answer(b"", 503), LATER, "HTTP 503"),
    Case("503 with Retry-After", Answer(b"<html>", 503, "text/html",
                                        {"Retry-After": "120"}), LATER,
         "trouble of its own"),
    Case("429", Answer({}, 429), LATER, "asked too often"),
    Case("408", Answer(b"", 408), LATER, "HTTP 408"),
    Case("500 with JSON", error("server_error", status=500), LATER),
    Case("HTML with 200", Answer(b"<!doctype html><p>Welcome to the hotel",
                                 200, "text/html"), LATER, "captive portal"),
    Case("HTML with 403", Answer(b"<html>", 403, "text/html"), LATER),
    Case("302", Answer(b"", 302, headers={"Location": "https://127.0.0.1:1/"}),
         PERSON, "does not follow a redirect"),
    Case("404", Answer(b"<html>", 404, "text/html"), PERSON,
         "no token endpoint"),
    Case("5 MB", Answer(do=flood), LATER, "more than 64 KiB"),
    Case("hangs up", Answer(do=hang_up), LATER, "hung up"),
    Case("half an answer", Answer(do=half), LATER, "hung up"),
    Case("nothing in it", Answer({}), LATER, "without a token"),
    Case("a token with a blank", tokens("a b", NEW), LATER, "without a token"),
    Case("a member twice", Answer(b'{"access_token":"a","access_token":"b"}'),
         LATER),
    Case("cut off", Answer(b'{"access_token":"a'), LATER),
    Case("a million brackets", Answer(b"[" * 60000), LATER),
    Case("invalid_grant", error("invalid_grant"), PERSON, LOGIN),
    Case("interaction_required", error("interaction_required"), PERSON, LOGIN),
    Case("consent_required", error("consent_required"), PERSON, LOGIN),
    Case("AADSTS50076", microsoft(50076, "MFA"), PERSON, "second factor"),
    Case("AADSTS50079", microsoft(50079, "MFA"), PERSON, "second factor"),
    Case("AADSTS50173", microsoft(50173, "fresh token needed"), PERSON,
         "password was changed"),
    Case("AADSTS700082", microsoft(700082, "expired due to inactivity"),
         PERSON, "for 90 days"),
    Case("AADSTS70008", microsoft(70008, "expired"), PERSON, LOGIN),
    Case("AADSTS700084", microsoft(700084, "SPA"), PERSON, "24 hours"),
    Case("AADSTS65001", microsoft(65001, "no consent"), PERSON, "agreed yet"),
    Case("AADSTS7000215", microsoft(7000215, "Invalid client secret",
                                    "invalid_client"), PERSON, "not its id"),
    Case("AADSTS7000222", microsoft(7000222, "secret keys are expired",
                                    "invalid_client"), PERSON,
         "secret has expired"),
    Case("invalid_client", error("invalid_client", status=401), PERSON,
         "oauth_secret"),
    Case("unauthorized_client", error("unauthorized_client"), PERSON,
         "oauth_flow"),
    Case("invalid_scope", error("invalid_scope"), PERSON, "oauth_scope"),
    Case("unsupported_grant_type", error("unsupported_grant_type"), PERSON),
    Case("invalid_request", error("invalid_request"), PERSON),
    Case("an error that nobody knows", error("\033[31mred", "a\tb"), PERSON,
         "\\x1B[31mred"),
    Case("an answer that quotes us",
         error("invalid_grant", "%s of %s is no good" % (OLD, SECRETS[3])),
         PERSON, "is no good"),
]


def judge(case, ran, client, server):
    why = []
    said = ran.error + ran.err
    if ran.status != case.status:
        why.append("exit status %s, not %d" % (ran.status, case.status))
    if case.words not in ran.error:
        why.append("lacks the words: " + case.words)
    if ran.err:
        why.append("something on stderr")
    if any(secret in said for secret in SECRETS):
        why.append("a secret in the words")
    if (case.status == DONE) != (ran.answer.get("secret") == ACCESS):
        why.append("the wrong token")
    why += judge_store(case, client, server)
    return why and why + ran.lines()


def judge_store(case, client, server):
    why = []
    lines = client.tokens()
    if lines.get("refresh_token") != case.left:
        why.append("the store has %s" % lines.get("refresh_token"))
    if (case.status == DONE) == ("failed" in lines):
        why.append("`failed` is wrong: %s" % lines.get("failed"))
    if client.litter():
        why.append("beside the store: %s" % client.litter())
    if len(server.heard) != case.posts or server.surplus:
        why.append("%d POSTs, %d surplus" % (len(server.heard),
                                             server.surplus))
    return why


def run_cases(place, tap):
    server = place.endpoint()
    for case in CASES:
        client = place.client(server.origin, client_secret=SECRETS[3])
        client.write(refresh_token=OLD)
        server.script(case.answer)
        ran = client.run("get")
        why = judge(case, ran, client, server)
        tap.result(not why, "answer: " + case.name, why)


# --- what is no answer --------------------------------------------------------

def refused(tap, name, client, status, words, most=30):
    client.write(refresh_token=OLD)
    begin = time.monotonic()
    ran = client.run("get")
    took = time.monotonic() - begin
    lines = client.tokens()
    tap.result(ran.status == status and words in ran.error and
               took < most and lines["refresh_token"] == OLD and
               not client.litter(), "%s (%.1f s)" % (name, took),
               ran.lines() + [str(lines)])


def old_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def run_connections(place, tap):
    server = place.endpoint()
    server.script(Answer(do=hang))
    refused(tap, "hangs", place.client(server.origin), LATER,
            "does not answer in time")
    other = place.client(server.origin, ca=place.certs + "/another-ca.pem")
    server.script()
    refused(tap, "wrong CA", other, LATER, "cannot be trusted")
    tap.result(not server.heard, "and it heard nothing", [str(server.heard)])
    missing = place.client(server.origin, ca="/nowhere/ca.pem")
    refused(tap, "no CA file", missing, LATER, "oauth_ca")
    for cert in ("wrong-name", "expired", "self-signed"):
        bad = place.endpoint(cert)
        refused(tap, "certificate: " + cert, place.client(bad.origin), LATER,
                "cannot be trusted")
        tap.result(not bad.heard, "and it heard nothing", [str(bad.heard)])
    old = place.endpoint(context=old_tls())
    refused(tap, "TLS 1.1", place.client(old.origin), LATER, "TLS 1.2")
    plain = place.endpoint(encrypted=False)
    refused(tap, "speaks no TLS",
            place.client(plain.origin.replace("http:", "https:")), LATER, "")
    http = place.client(server.origin, token_url=plain.origin + "/token")
    http.write(refresh_token=OLD)
    ran = http.run("get")
    tap.result(ran.status == PERSON and "no https:// URL" in ran.error and
               not plain.heard, "http://", ran.lines())
    gone = place.endpoint()
    gone.close()
    refused(tap, "nobody listens", place.client(gone.origin), LATER,
            "cannot be reached")
    nameless = place.client("https://nowhere.invalid")
    refused(tap, "no such name", nameless, LATER, "its name is not found")


# --- patience -------------------------------------------------------------------

def run_patience(place, tap):
    server = place.endpoint()
    client = place.client(server.origin)
    client.clock = 2000000000
    client.write(refresh_token=OLD)
    server.script(Answer(b"", 503, headers={"Retry-After": "600"}),
                  tokens(ACCESS, NEW))
    first = client.run("get")
    client.clock += 599
    second = client.run("get")
    asked = len(server.heard)
    client.clock += 2
    third = client.run("get")
    tap.result(first.status == LATER and second.status == LATER and
               "not asked again before" in second.error and asked == 1 and
               third.answer.get("secret") == ACCESS,
               "Retry-After is kept, by the next process too",
               first.lines() + second.lines() + third.lines())

    client = place.client(server.origin)
    client.write(refresh_token=OLD, access_token="still-good",
                 obtained=int(time.time()) - 3500,
                 expires=int(time.time()) + 100)
    server.script(Answer(do=hang_up))
    ran = client.run("get")
    again = client.run("get")
    tap.result(ran.answer.get("secret") == "still-good" and
               again.answer.get("secret") == "still-good" and
               len(server.heard) == 1,
               "a lost answer: the token that is still good, and no second "
               "question", ran.lines() + again.lines())

    gone = place.endpoint()
    gone.close()
    client = place.client(gone.origin)
    client.write(refresh_token=OLD)
    client.run("get")
    tap.result("wait" not in client.tokens(),
               "what was never sent may be tried at once",
               [str(client.tokens())])


def run_clock(place, tap):
    server = place.endpoint()
    client = place.client(server.origin)
    now = int(time.time())
    client.write(refresh_token=OLD, access_token="of-tomorrow",
                 obtained=now + 86400, expires=now + 90000)
    server.script(tokens(ACCESS, NEW))
    ran = client.run("get")
    tap.result(ran.answer.get("secret") == ACCESS and
               client.tokens()["refresh_token"] == NEW,
               "a token of the future counts as over", ran.lines())


# --- the other verbs --------------------------------------------------------------

def run_verbs(place, tap):
    server = place.endpoint()
    client = place.client(server.origin)
    now = int(time.time())
    client.write(refresh_token=OLD, refreshed=now - 13 * 86400)
    server.script(tokens(ACCESS, NEW))
    ran = client.run("keep")
    tap.result(ran.answer == {"refreshed": "0"} and not server.heard,
               "keep: not yet", ran.lines())
    client.write(refresh_token=OLD, refreshed=now - 15 * 86400)
    ran = client.run("keep")
    tap.result(ran.answer == {"refreshed": "1"} and
               client.tokens()["refresh_token"] == NEW,
               "keep: after 14 days it asks, and says no secret", ran.lines())

    server.script(Answer())
    ran = client.run("erase", revoke_url=server.origin + "/revoke")
    tap.result(ran.answer == {"revoked": "1"} and ran.status == 0 and
               server.heard[0]["token"] == NEW and client.litter() == [] and
               server.paths == ["/revoke"], "erase revokes, and then erases",
               ran.lines())
    again = client.run("erase")
    got = client.run("get")
    tap.result(again.status == 0 and got.status == PERSON and
               "nobody is logged in" in got.error and LOGIN in got.error,
               "after that nobody is logged in", again.lines() + got.lines())

    client.write(refresh_token=OLD)
    server.script(Answer(b"", 503))
    ran = client.run("erase", revoke_url=server.origin + "/revoke")
    tap.result(ran.answer == {"revoked": "0"} and ran.status == 0,
               "erase without the provider's help", ran.lines())


def run_machine(place, tap):
    """A program that logs in by itself: what is sent, and what is kept."""
    server = place.endpoint()
    client = place.client(server.origin, flow="client",
                          client_secret=SECRETS[3],
                          scope="https://outlook.office365.com/.default")
    server.script(tokens(ACCESS))
    first, second = client.run("get"), client.run("get")
    tap.result(first.answer.get("secret") == ACCESS ==
               second.answer.get("secret") and server.heard == [{
                   "grant_type": "client_credentials",
                   "scope": "https://outlook.office365.com/.default",
                   "client_id": "relay", "client_secret": SECRETS[3]}] and
               "refresh_token" not in client.tokens(),
               "client credentials: asked once, kept for the next",
               first.lines() + [str(server.heard)])
    ran = client.run("login")
    tap.result(ran.status == PERSON and "needs no login" in ran.error,
               "and nobody can log in there", ran.lines())


def part_of(jwt, i):
    text = jwt.split(".")[i]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def is_signed(jwt, certificate, directory):
    """By openssl, which shares nothing with us."""
    for name, data in (("signed", jwt.rpartition(".")[0].encode()),
                       ("signature", part_of(jwt, 2))):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(data)
    key = subprocess.run(["openssl", "x509", "-in", certificate, "-noout",
                          "-pubkey"], check=True, stdout=subprocess.PIPE)
    with open(os.path.join(directory, "public"), "wb") as file:
        file.write(key.stdout)
    return subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", "public", "-signature",
         "signature", "signed"], cwd=directory,
        stdout=subprocess.DEVNULL).returncode == 0


def run_service(place, tap):
    """Google's way: a key that speaks for a user."""
    server = place.endpoint()
    base = place.rsa()
    path = os.path.join(place.dir, "service.json")
    with open(base + ".key") as key, open(path, "w") as file:
        json.dump({"type": "service_account", "private_key_id": "k1",
                   "client_email": "sa@p.example",
                   "private_key": key.read()}, file)
    os.chmod(path, 0o600)
    client = place.client(server.origin, flow="service", client_id=None,
                          key=path, scope="https://mail.google.com/")
    server.script(tokens(ACCESS))
    first, second = client.run("get"), client.run("get")
    form = server.heard[0]
    jwt = form.pop("assertion")
    claims = json.loads(part_of(jwt, 1))
    tap.result(
        first.answer.get("secret") == ACCESS == second.answer.get("secret") and
        form == {"grant_type":
                 "urn:ietf:params:oauth:grant-type:jwt-bearer"} and
        json.loads(part_of(jwt, 0)) == {"alg": "RS256", "typ": "JWT",
                                        "kid": "k1"} and
        claims["sub"] == "alice@example.test" and
        claims["iss"] == "sa@p.example" and
        claims["aud"] == server.origin + "/token" and
        claims["scope"] == "https://mail.google.com/" and
        claims["exp"] - claims["iat"] <= 3600 and
        is_signed(jwt, base + ".pem", place.directory()),
        "a service account: signed for the user, asked once",
        first.lines() + [str(form), str(claims)])
    os.chmod(path, 0o644)
    client = place.client(server.origin, flow="service", key=path)
    ran = client.run("get")
    tap.result(ran.status == PERSON and "chmod 600" in ran.error,
               "a key that others can read", ran.lines())


# --- device codes -------------------------------------------------------------------

DEVICE = {"device_code": "device-code-1ee7", "user_code": "ABCD-EFGH",
          "verification_uri": "https://d.example/\033[2Jdevice",
          "expires_in": 60, "interval": 1}


def device(place, tap, name, answers, judge, **first):
    server = place.endpoint()
    client = place.client(server.origin)
    server.script(Answer(DEVICE | first), *answers)
    begin = time.monotonic()
    ran = client.run("login")
    took = time.monotonic() - begin
    good = judge(ran, client, server, took)
    tap.result(good and not server.surplus and "\033" not in ran.err and
               DEVICE["device_code"] not in ran.err + ran.out,
               "device: %s (%.0f s)" % (name, took),
               ran.lines() + ["%d requests" % len(server.heard)])


def logged_in(ran, client, server, took):
    lines = client.tokens()
    return ran.status == 0 and "secret" not in ran.answer and \
        "expires" in ran.answer and lines["refresh_token"] == NEW and \
        lines["flow"] == "device" and int(lines["login"]) > 0 and \
        "ABCD-EFGH" in ran.err and "https://d.example/\\x1B[2Jdevice" in ran.err


def refused_with(words):
    def judge(ran, client, server, took):
        return ran.status == PERSON and words in ran.error and \
            client.litter() == []
    return judge


def run_device(place, tap):
    good = tokens(ACCESS, NEW)
    pending = error("authorization_pending")
    device(place, tap, "pending, pending, tokens", [pending, pending, good],
           lambda *a: logged_in(*a) and 2.5 < a[3] < 8)
    device(place, tap, "slow_down is five seconds more, and for good",
           [error("slow_down"), pending, good],
           lambda *a: logged_in(*a) and 12.5 < a[3] < 18)
    device(place, tap, "without an interval it is five seconds",
           [pending, good], lambda *a: logged_in(*a) and 9.5 < a[3] < 15,
           interval=None)
    device(place, tap, "trouble on the way is no end",
           [Answer(b"", 503), Answer(do=hang_up), good],
           lambda *a: logged_in(*a) and 5 < a[3] < 14)
    device(place, tap, "access_denied", [error("access_denied")],
           refused_with("said no"))
    device(place, tap, "authorization_declined",
           [error("authorization_declined")],
           refused_with("the user said no"))
    device(place, tap, "bad_verification_code",
           [error("bad_verification_code")],
           refused_with("does not know the code"))
    device(place, tap, "expired_token", [error("expired_token")],
           refused_with("in time"))
    device(place, tap, "nobody came", [pending, pending], refused_with("in time"),
           expires_in=3)
    device(place, tap, "no refresh token", [tokens(ACCESS)],
           refused_with("offline_access"))
    client = place.client("https://127.0.0.1:1", device_url=None)
    ran = client.run("login")
    tap.result(ran.status == PERSON and "oauth_flow code" in ran.error,
               "device: not with this provider", ran.lines())


def run_argv(place, tap):
    """Nothing of the question is an argument, and a wrong call is told."""
    client = place.client("https://127.0.0.1:1")
    for verb, status in (("", 64), ("--nonsense", 64), ("--help", 0),
                         ("--version", 0)):
        ran = client.run(verb)
        tap.result(ran.status == status and bool(ran.out) != bool(ran.err),
                   "relay-token %s" % verb, ran.lines())
    for name, text in (("no account", "store=/x/y\n\n"),
                       ("no store", "account=a\n\n"),
                       ("no lines", "hello\n\n"),
                       ("a relative store", "account=a\nstore=a/b\n"
                        "token_url=https://t/\nclient_id=c\n\n")):
        client.text = lambda text=text, **_: text
        ran = client.run("get")
        tap.result(ran.status == PERSON and ran.error, "question: " + name,
                   ran.lines())


def run(place, tap):
    run_argv(place, tap)
    run_cases(place, tap)
    run_connections(place, tap)
    run_patience(place, tap)
    run_clock(place, tap)
    run_verbs(place, tap)
    run_machine(place, tap)
    run_service(place, tap)
    run_device(place, tap)
