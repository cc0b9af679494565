import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from world import World  # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of every log of its world."""
    outcome = yield
    report = outcome.get_result()
    world = getattr(item, "world", None)
    if report.failed and world is not None:
        for d in world.daemons:
            report.sections.append((f"{d.name}.log", d.text()[-6000:]))
        log = world.directory / "redis.log"
        if log.exists():
            report.sections.append(("redis.log", log.read_text(errors="replace")[-1500:]))
        report.sections.append(("provider", f"{len(world.provider.requests)} requests, last messages: {world.provider.messages[-3:]}"))


@pytest.fixture
def town(request):
    """A world without a daemon: town.start() or town.daemon(...)."""
    world = World()
    request.node.world = world
    try:
        yield world
        world.close()
        leaks = world.leaks()
        assert world.allow_numbers or not leaks, f"numbers or secrets in a log: {leaks[:3]}"
        crashed = [line for d in world.daemons for line in d.text().splitlines() if "Sanitizer" in line or "panic" in line.lower() or "runtime error" in line]
        assert not crashed, crashed[:5]
    finally:
        try:
            world.close()
        finally:
            world.remove()


@pytest.fixture
def venus(town):
    """Redis, provider and one ready daemon with the minimal configuration."""
    return town.start()


@pytest.fixture(scope="module")
def module_town():
    world = World()
    try:
        yield world.start()
        world.close()
        assert not world.leaks(), f"numbers or secrets in a log: {world.leaks()[:3]}"
    finally:
        try:
            world.close()
        finally:
            world.remove()


@pytest.fixture
def venus_shared(request, module_town):
    """One daemon for all tests of a module that do not disturb each other."""
    request.node.world = module_town
    return module_town
