"""A bar on standard error; where that is no terminal, a line for every quarter."""

import sys

WIDTH = 40


class Bar:
    def __init__(self, what):
        self.what = what
        self.shown = -1

    def show(self, share):
        """`share` of the work is done, from 0 to 1."""
        percent = max(0, min(100, int(100 * share)))
        if not sys.stderr.isatty():
            percent -= percent % 25
        if percent <= self.shown:
            return
        self.shown = percent
        full = WIDTH * percent // 100
        ends = ("\r", "\n" if percent == 100 else "") if sys.stderr.isatty() else ("", "\n")
        print(f"{ends[0]}{self.what} [{'#' * full}{'.' * (WIDTH - full)}] {percent:3} %", end=ends[1],
              file=sys.stderr, flush=True)
