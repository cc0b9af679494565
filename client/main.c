#include <signal.h>
#include <stdio.h>

#include "client/cli.h"

int main(int argc, char **argv)
{
    int status;

    signal(SIGPIPE, SIG_IGN); /* `crier notice list | head` ends with a failed write, not with a signal */
    status = cli_main(argc, argv, stdout, stderr);
    if (fflush(stdout) != 0 && status == CLI_OK)
        status = CLI_LATER;
    return status;
}
