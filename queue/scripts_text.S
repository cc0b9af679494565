/* The scripts' texts, in the binary: two versions of the daemon can run side by side, and no file can be missing. */
    .macro script name
    .globl scripts_lua_\name
    .type scripts_lua_\name, @object
scripts_lua_\name:
    .incbin "queue/lua/\name\().lua"
    .byte 0
    .size scripts_lua_\name, . - scripts_lua_\name
    .endm

    .section .rodata
#define SCRIPT(upper, lower) script lower
#include "queue/scripts.def"
#undef SCRIPT

    .section .note.GNU-stack,"",@progbits
