# SPDX-License-Identifier: GPL-3.0-or-later
"""play_again - what people and applications send, to a smarthost that offers
neither 8BITMIME nor SMTPUTF8: encoded on the way, and the same when decoded"""
import play_libraries
import play_php
import play_readers
import play_smtp


def run(o, tap):
    o.judge_rest(tap)
    o.open(seven_bits=True)
    for group in (play_php, play_libraries, play_readers, play_smtp):
        group.run(o, tap)
