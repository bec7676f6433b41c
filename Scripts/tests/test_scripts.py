"""Tests of the scripts: whole downloads or none, one writer at a time, the layer rules, the pairs."""

import hashlib
import importlib.machinery
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Scripts"), str(ROOT / "demo")]
sys.dont_write_bytecode = True

import graft_cache  # noqa: E402
import make_pairs  # noqa: E402


def load(name):
    """A script without the .py ending, as a module."""
    path = str(ROOT / "Scripts" / name)
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), path)
    spec = importlib.util.spec_from_loader(loader.name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


class Cache(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        old = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(old)))
        os.environ["XDG_CACHE_HOME"] = folder.name

    def test_a_failure_leaves_nothing(self):
        final = graft_cache.root() / "thing"
        with self.assertRaises(ValueError):
            with graft_cache.made_beside(final) as part:
                (part / "half").write_text("x")
                raise ValueError
        self.assertEqual(list(graft_cache.root().iterdir()), [])

    def test_a_killed_run_is_cleaned_up_by_the_next(self):
        final = graft_cache.root() / "thing"
        code = ("import graft_cache, os, signal\n"
                "with graft_cache.made_beside(graft_cache.root() / 'thing') as part:\n"
                "    (part / 'half').write_text('x'); os.kill(os.getpid(), signal.SIGKILL)\n")
        subprocess.run([sys.executable, "-c", code], cwd=ROOT / "Scripts")
        self.assertFalse(final.exists())
        self.assertEqual(len(list(graft_cache.root().glob(".thing.part-*"))), 1)
        with graft_cache.made_beside(final) as part:
            (part / "whole").write_text("x")
        self.assertEqual([path.name for path in graft_cache.root().iterdir()], ["thing"])
        self.assertEqual([path.name for path in final.iterdir()], ["whole"])

    def test_two_processes_take_turns(self):
        code = ("import graft_cache, time\n"
                "with graft_cache.only_one('thing'):\n"
                "    log = open(graft_cache.root() / 'log', 'a')\n"
                "    log.write('('); log.flush(); time.sleep(0.2); log.write(')'); log.flush()\n")
        both = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT / "Scripts",
                                 stderr=subprocess.DEVNULL) for _ in range(2)]
        self.assertEqual([process.wait() for process in both], [0, 0])
        self.assertEqual((graft_cache.root() / "log").read_text(), "()()")

    def test_a_download_with_another_hash_is_refused(self):
        wheel = self.folder / "tiny_thing-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("tiny_thing.py", "")
            archive.writestr("tiny_thing-1.0.dist-info/METADATA",
                             "Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.0\n")
            archive.writestr("tiny_thing-1.0.dist-info/WHEEL",
                             "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr("tiny_thing-1.0.dist-info/RECORD", "")
        os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(self.folder))
        good = hashlib.sha256(wheel.read_bytes()).hexdigest()
        into = self.folder / "into"
        into.mkdir()
        self.assertEqual(len(graft_cache.download([("tiny-thing==1.0", good)], into)), 1)
        (into / wheel.name).unlink()
        said = self.folder / "stderr"
        with open(said, "w") as file:
            kept = os.dup(2)
            os.dup2(file.fileno(), 2)
            try:
                with self.assertRaises(SystemExit):
                    graft_cache.download([("tiny-thing==1.0", "0" * 64)], into)
            finally:
                os.dup2(kept, 2)
                os.close(kept)
        self.assertIn("HASH", said.read_text().upper())
        self.assertEqual(list(into.glob("*.whl")), [])


class Layers(unittest.TestCase):
    def target(self, name, *dependencies):
        return {"name": name, "type": "regular", "path": "Scripts/tests",
                "dependencies": [{"byName": [other, None]} for other in dependencies]}

    def found(self, *targets):
        return list(load("check-layers").findings(targets))

    def test_downwards_is_fine(self):
        self.assertEqual(self.found(self.target("Checkpoint", "Safetensors")), [])

    def test_upwards_and_sideways_are_found(self):
        self.assertEqual(len(self.found(self.target("Safetensors", "Checkpoint"))), 1)
        self.assertEqual(len(self.found(self.target("Adapters", "Heads"))), 1)

    def test_the_file_half_may_not_use_the_compute_half(self):
        self.assertTrue(self.found(self.target("graft", "Torch")))

    def test_an_unknown_target_is_found(self):
        self.assertEqual(len(self.found(self.target("Common"))), 1)

    def test_imports_are_seen_in_every_form(self):
        text = ("import A\npublic import B\n@preconcurrency import C\npackage import struct D.E\n"
                "// import F\n")
        self.assertEqual(load("check-layers").IMPORT.findall(text), ["A", "B", "C", "D.E"])


class Pairs(unittest.TestCase):
    def test_the_committed_files_are_what_the_script_writes(self):
        for name, text in make_pairs.files().items():
            self.assertEqual((ROOT / "demo" / "data" / name).read_text(encoding="utf-8"), text)

    def test_a_question_in_both_splits_is_found(self):
        rows = {"kind": [("q", "long answer", "short"), ("r", "short", "long answer")]}
        with self.assertRaises(AssertionError):
            make_pairs.check(rows, rows)

    def test_length_that_gives_the_answer_away_is_found(self):
        rows = {"kind": [("q", "long answer", "short"), ("r", "long answer", "short")]}
        with self.assertRaises(AssertionError):
            make_pairs.check(rows, {"kind": []})


if __name__ == "__main__":
    unittest.main()
