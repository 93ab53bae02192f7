/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire - line ends, dots, and what 8-bit and long lines there are
 *
 * wire_input makes CRLF text of what a caller writes, wire_stuff makes of CRLF
 * text what follows DATA, wire_scan only looks.  All three take bytes in chunks
 * of any size and give the same result for every way to cut them; none
 * allocates.  Output goes to a function, in few large pieces; once that returns
 * something other than 0 nothing more is written.
 *
 * Callers mix LF and CRLF in one message, so each line counts for itself:
 * it ends at LF, CRs directly before the LF are dropped, a CR elsewhere becomes
 * a space.  A missing last line end is added.  NUL stays in the body.
 *
 * A line "." is the end of the message only if nothing follows it or a person
 * types it; many programs that do not pass -i do not double dots either, and
 * nothing of theirs may be lost.  But ".." at the start of a line becomes ".",
 * since others double dots exactly when they do not pass -i.  With -i every dot
 * is data.
 *
 *     while ((n = fdio_read(0, chunk, sizeof(chunk))) > 0)
 *             if (wire_body(&input, chunk, (size_t)n) != WIRE_MORE)
 *                     break;
 *     wire_body_end(&input);
 */
#ifndef MESSAGE_WIRE_H
#define MESSAGE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the output goes; small pieces are collected. */
struct wire_out {
	int (*write)(void *arg, const char *bytes, size_t n);
	void *arg;
	int result; /* of the write that failed, or 0 */
	size_t used;
	char bytes[16384];
};

enum wire_state {
	WIRE_LINE_START, /* nothing of the line was seen but `crs` */
	WIRE_IN_LINE,
	WIRE_DOT,      /* a dot that begins a line is held back */
	WIRE_DOT_LINE, /* a line "." is held back: does anything follow? */
};

struct wire_input {
	bool dots_are_data; /* -i */
	bool is_terminal;
	bool has_ended;    /* by a dot on a terminal */
	size_t line_limit; /* in the header */
	size_t searched;   /* bytes of the header line without LF */
	enum wire_state state;
	size_t crs; /* CRs held back: does LF follow? */
	struct wire_out out;
};

void wire_input_init(struct wire_input *w, bool dots_are_data, bool is_terminal,
                     size_t line_limit,
                     int (*write)(void *arg, const char *bytes, size_t n),
                     void *arg);

/* The header, line by line.  `bytes` is what was read and not yet used; at the
 * end of the input `at_end` is set.  The caller goes on behind a line
 * (line->used) only if the header took it: the body begins with the first byte
 * not gone over. */
enum wire_next {
	WIRE_NEXT_LINE, /* *line is set */
	WIRE_NEXT_PART, /* so is it, with a line over the limit, without its
	                 * end: fine if it is no header line */
	WIRE_NEXT_READ, /* read more and come back with all of it */
	WIRE_NEXT_NONE, /* there is no more */
};

struct wire_line {
	const char *text; /* in `bytes`, without its line end */
	size_t len;
	size_t used; /* go on after this many bytes */
};

enum wire_next wire_next_line(struct wire_input *w, const char *bytes, size_t n,
                              bool at_end, struct wire_line *line);

/* The body. */
enum wire_result {
	WIRE_MORE,
	WIRE_ENDED,  /* a dot on a terminal: stop reading; all is written */
	WIRE_FAILED, /* the output function's result is in out.result */
};

enum wire_result wire_body(struct wire_input *w, const char *bytes, size_t n);
enum wire_result wire_body_end(struct wire_input *w);

/* The DATA form: dots at the start of a line doubled, CRLF at the end if it is
 * missing, then the line ".".  This is the last gate: a CR or LF outside CRLF
 * would let a server see lines that we do not, so it never leaves; a bare CR
 * becomes a space, a bare LF becomes CRLF. */
struct wire_stuff {
	bool is_line_start;
	bool held_cr;
	size_t repaired; /* bare CRs and LFs: 0 for text of wire_input */
	struct wire_out out;
};

void wire_stuff_init(struct wire_stuff *w,
                     int (*write)(void *arg, const char *bytes, size_t n),
                     void *arg);
enum wire_result wire_stuff(struct wire_stuff *w, const char *bytes, size_t n);
enum wire_result wire_stuff_end(struct wire_stuff *w);

/* What a whole message in CRLF form is like.  Valid after any chunk. */
struct wire_scan {
	uint64_t header_bytes; /* up to the empty line, with it */
	uint64_t body_bytes;
	size_t longest; /* bytes of the longest line without its CRLF */
	size_t bare;    /* CRs and LFs outside CRLF, in complete lines */
	bool has_8bit;
	bool header_has_8bit;
	bool has_nul;
	bool ends_with_crlf;
	/* the line that is being read */
	bool in_body;
	bool after_cr;
	size_t line;
	size_t crs;
};

void wire_scan_init(struct wire_scan *s);
void wire_scan_add(struct wire_scan *s, const char *bytes, size_t n);

#endif
