/* The console's files, as they are, inside the program. */
    .section .rodata

#define ASSET(name, path)                                                                                    \
    .global assets_##name;                                                                                   \
    .global assets_##name##_end;                                                                             \
    .balign 16;                                                                                              \
assets_##name:                                                                                               \
    .incbin path;                                                                                            \
assets_##name##_end:                                                                                         \
    .byte 0

ASSET(index, "console/index.html")
ASSET(app, "console/app.js")
ASSET(style, "console/style.css")

    .section .note.GNU-stack, "", %progbits
