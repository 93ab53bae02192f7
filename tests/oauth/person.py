# SPDX-License-Identifier: GPL-3.0-or-later
"""person - somebody with a browser, who says yes to everything

Follows redirects one at a time, keeps cookies, and submits each form that a page
shows, with a click on its first button.
"""
import html
import http.cookiejar
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request

STEPS = 20


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Page:
    def __init__(self, url, answer):
        self.url, self.status = url, answer.status
        self.next = answer.headers.get("Location")
        self.text = answer.read().decode("utf-8", "replace")

    def form(self):
        """(address, fields) of the form in it, or None."""
        found = re.search(r"<form[^>]*action=\"([^\"]*)\"", self.text)
        if found is None:
            return None
        fields = {}
        for tag in re.findall(r"<(?:input|button)[^>]*>", self.text):
            about = dict(re.findall(r"([a-z-]+)=\"([^\"]*)\"", tag))
            if "name" in about and about["name"] not in fields:
                fields[about["name"]] = html.unescape(about.get("value", ""))
        return urllib.parse.urljoin(self.url, html.unescape(found[1])), fields


class Person:
    def __init__(self, ca):
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(
                context=ssl.create_default_context(cafile=ca)),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
            urllib.request.ProxyHandler({}), Stay())

    def get(self, url, fields=None):
        data = None if fields is None else \
            urllib.parse.urlencode(fields).encode()
        try:
            with self.opener.open(url, data, timeout=20) as answer:
                return Page(url, answer)
        except urllib.error.HTTPError as error:
            with error:
                return Page(url, error)

    def follow(self, page, stop=lambda url: False):
        """(the last page, the address at which it stopped or None)"""
        for _ in range(STEPS):
            if page.next is None:
                return page, None
            url = urllib.parse.urljoin(page.url, page.next)
            if stop(url):
                return page, url
            page = self.get(url)
        raise RuntimeError("redirected for ever")

    def log_in(self, url):
        """As far as the redirect to the program; its address."""
        page, back = self.follow(self.get(url), lambda at: at.startswith(
            ("http://127.0.0.1:", "http://localhost:")))
        if back is None:
            raise RuntimeError("no redirect: %s" % page.text[:500])
        return back

    def type_code(self, url):
        """At the page for device codes, with the code in the address."""
        page, _ = self.follow(self.get(url))
        for _ in range(5):
            form = page.form()
            if form is None:
                return page.text
            if "confirm" not in form[1]:
                form[1].setdefault("confirm", "yes")
            page, _ = self.follow(self.get(*form))
        raise RuntimeError("forms for ever: %s" % page.text[:500])
