/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "queue/id.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/port.h"

int id_make(char id[ENTRY_ID_LENGTH + 1], int64_t microseconds)
{
	uint32_t chance;

	if (port_random(&chance, sizeof(chance)) != 0)
		return -1;
	snprintf(id, ENTRY_ID_LENGTH + 1, "%014" PRIX64 "%08" PRIX32,
	         (uint64_t)microseconds & UINT64_C(0xffffffffffffff), chance);
	return 0;
}
