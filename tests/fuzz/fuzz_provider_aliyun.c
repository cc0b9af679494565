/* Everything a stranger can send to driver aliyun. */
#include "tests/fuzz/cloud_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct provider_conf c = {.name = "p", .driver = "aliyun", .batch = 100};

    cloud_input(&aliyun_driver, &c, data, size);
    return 0;
}
