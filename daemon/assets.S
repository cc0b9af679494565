/* The console's files, as they are, inside the program. */
    .macro asset name, file
    .globl assets_\name
    .globl assets_\name\()_end
    .balign 16
assets_\name:
    .incbin "console/\file"
assets_\name\()_end:
    .byte 0
    .endm

    .section .rodata
#define ASSET(name, file, type) asset name, file
#include "daemon/assets.def"
#undef ASSET

    .section .note.GNU-stack, "", %progbits
