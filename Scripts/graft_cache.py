"""What the get-* scripts share: Graft's cache directory, one writer at a time, whole or not at all."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def root():
    """The cache directory that all clones share."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = pathlib.Path(home) / "graft"
    path.mkdir(parents=True, exist_ok=True)
    return path


def say(text):
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def only_one(name):
    """Waits until no other process makes the same thing."""
    with open(root() / f".{name}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process that makes {name} ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def made_beside(final):
    """An empty directory that takes the name `final` at the end, if nothing was raised.

    Call it under `only_one`: what an interrupted run left behind is removed first.
    """
    for old in final.parent.glob(f".{final.name}.part-*"):
        shutil.rmtree(old, ignore_errors=True)
    part = pathlib.Path(tempfile.mkdtemp(prefix=f".{final.name}.part-", dir=final.parent))
    try:
        yield part
        os.sync()
        part.chmod(0o755)
        part.rename(final)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def download(wheels, into):
    """Fetches wheels through pip, which checks each against its SHA-256.

    wheels: (requirement, sha256) pairs; all for CPython 3.11 on x86_64 Linux, whatever Python runs
    this, since only headers, libraries and data are taken out of them.
    """
    requirements = into / "requirements.txt"
    requirements.write_text("".join(f"{name} --hash=sha256:{sha}\n" for name, sha in wheels))
    platforms = ["manylinux_2_28", "manylinux_2_25", "manylinux_2_17", "manylinux2014"]
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-cache-dir", "--no-deps", "--only-binary=:all:", "--require-hashes",
        "--implementation", "cp", "--python-version", "3.11", "--abi", "cp311",
        *[word for platform in platforms for word in ("--platform", f"{platform}_x86_64")],
        "--requirement", str(requirements), "--dest", str(into)]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        names = ", ".join(name for name, _ in wheels)
        raise SystemExit(
            f"could not download {names}. Needed once: network access to a Python package index, "
            "and pip (on Debian: apt-get install python3-pip).")
    return sorted(into.glob("*.whl"))
