"""The files of the tree, for lints: what git knows or would take, or everything but build products where there is no git."""
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def files():
    """Paths relative to ROOT, sorted."""
    try:
        done = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True,
                              text=True, check=False)
        names = {name for name in done.stdout.split("\0") if name}
    except FileNotFoundError:
        names = set()
    if not names:
        names = {str(p.relative_to(ROOT)) for p in ROOT.rglob("*")
                 if not {"build", ".git", "__pycache__"} & set(p.relative_to(ROOT).parts)}
    return sorted(name for name in names if (ROOT / name).is_file())
