"""The script ./varve, with stand-ins for the package manager, the compiler and the program.

The script is copied into an empty tree and finds only stand-ins on its PATH; each notes how it was
called. So the order of things, and that nothing is done twice, is tested without doing it.
"""
# SPDX-License-Identifier: Apache-2.0

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("bash", "dirname", "readlink", "grep", "mkdir", "touch", "rm", "cat", "mktemp", "tee",
         "flock", "ls", "head", "env", "nproc", "chmod", "cp")

NOTE = 'printf "%s %s\\n" "${0##*/}" "$*" >>"$CALLS"\n'
# Says of every package in $INSTALLED that it is installed.
DPKG_QUERY = NOTE + 'for name in $(cat "$INSTALLED"); do echo "$name installed"; done\n'
# "update" makes packages known; "install" fails before it if $STALE exists.
APT_GET = NOTE + '''case "$*" in
  *update*) rm -f "$STALE" ;;
  *install*)
    [ ! -e "$STALE" ] || { echo "E: Unable to locate package" >&2; exit 100; }
    [ -z "${NO_NETWORK:-}" ] || { echo "E: Could not resolve" >&2; exit 100; }
    for word in "$@"; do
      case $word in -*|install) ;; *) echo "$word" >>"$INSTALLED" ;; esac
    done
    ;;
esac
'''
CMAKE = NOTE + '''directory=$PWD/build/${2}
mkdir -p "$directory"
echo "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" >"$directory/CMakeCache.txt"
touch "$directory/build.ninja"
'''
NINJA = NOTE + '''if [ -n "${BROKEN:-}" ]; then
  echo "[1/2] Building x"; echo "x.cc:1: error: no"; exit 1
fi
[ -e "$2/varve" ] && echo "ninja: no work to do." && exit 0
echo "[1/2] Building a.cc"; echo "[2/2] Linking varve"
cp "$PROGRAM" "$2/varve"
'''
PROGRAM = NOTE + '''echo "home $VARVE_HOME"
echo "python ${VARVE_PYTHON:-none}"
[ -z "${EXIT:-}" ] || exit "$EXIT"
'''
PYTHON = NOTE + 'case "$1 ${4:-}" in "-c "*) [ -z "${NO_MODULES:-}" ] ;; esac\n'

ALL_PACKAGES = """libboost-program-options-dev libtomlplusplus-dev nlohmann-json3-dev libfmt-dev
libxxhash-dev liblz4-dev zlib1g-dev"""


class FrontDoor:
    """A tree with the script in it, and a PATH of stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.bin = folder / "bin"
        self.calls_path = folder / "calls"
        self.installed = folder / "installed"
        self.stale = folder / "stale"
        self.home.mkdir()
        self.bin.mkdir()
        self.calls_path.touch()
        self.installed.write_text(ALL_PACKAGES + "\n")
        shutil.copy(ROOT / "varve", self.home / "varve")
        (self.home / "CMakePresets.json").write_text("{}")
        os.utime(self.home / "CMakePresets.json", (1, 1))
        for tool in TOOLS:
            self.bin.joinpath(tool).symlink_to(shutil.which(tool))
        for name, body in {"dpkg-query": DPKG_QUERY, "apt-get": APT_GET, "cmake": CMAKE,
                           "ninja": NINJA, "g++": NOTE, "pkg-config": NOTE, "git": "exit 1\n",
                           "sudo": NOTE + '"$@"\n', "python3": PYTHON}.items():
            self.stand_in(self.bin / name, body)
        self.stand_in(folder / "program", PROGRAM)
        self.environment = {
            "PATH": str(self.bin), "HOME": str(folder), "CALLS": str(self.calls_path),
            "INSTALLED": str(self.installed), "STALE": str(self.stale),
            "PROGRAM": str(folder / "program")}

    @staticmethod
    def stand_in(path: Path, body: str) -> None:
        path.write_text("#!/bin/bash\n" + body)
        path.chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run([str(self.home / "varve"), *arguments], check=False, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=60,
                              env=self.environment | environment)

    def calls(self, name: str) -> list[str]:
        """How `name` was called since the last question, and forgets."""
        lines = self.calls_path.read_text().splitlines()
        return [line for line in lines if line.split(" ")[0] == name]

    def forget(self) -> None:
        self.calls_path.write_text("")


@pytest.fixture
def door(tmp_path: Path) -> FrontDoor:
    return FrontDoor(tmp_path)


def test_a_command_configures_builds_and_runs_the_program(door: FrontDoor) -> None:
    done = door.run("list", "memtable", "a b")
    assert done.returncode == 0, done.stderr
    assert f"home {door.home}" in done.stdout
    assert door.calls("cmake") == ["cmake --preset release"]
    assert door.calls("ninja") == [f"ninja -C {door.home}/build/release varve"]
    assert door.calls("varve") == ["varve list memtable a b"]
    assert not door.calls("apt-get")


def test_nothing_is_done_twice(door: FrontDoor) -> None:
    door.run("list")
    door.forget()
    done = door.run("list")
    assert done.returncode == 0
    assert not door.calls("cmake")
    assert not door.calls("apt-get")
    assert len(door.calls("dpkg-query")) == 1
    assert "building" not in done.stderr


def test_a_changed_preset_is_configured_again(door: FrontDoor) -> None:
    door.run("list")
    door.forget()
    os.utime(door.home / "CMakePresets.json", (2 ** 32, 2 ** 32))
    door.run("list")
    assert door.calls("cmake") == ["cmake --preset release"]


def test_a_moved_tree_is_configured_again(door: FrontDoor) -> None:
    door.run("list")
    door.forget()
    cache = door.home / "build/release/CMakeCache.txt"
    cache.write_text("CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere\n")
    assert door.run("list").returncode == 0
    assert door.calls("cmake") == ["cmake --preset release"]


def test_only_what_is_missing_is_installed(door: FrontDoor) -> None:
    door.installed.write_text(ALL_PACKAGES.replace("libfmt-dev", ""))
    (door.bin / "ninja").rename(door.bin / "ninja.not")
    door.stand_in(door.bin / "apt-get", APT_GET + 'cp "${0%/*}/ninja.not" "${0%/*}/ninja"\n')
    done = door.run("list")
    assert done.returncode == 0, done.stderr
    assert [call.split()[-2:] for call in door.calls("apt-get")] == [["ninja-build", "libfmt-dev"]]


def test_lists_of_packages_are_updated_only_if_they_must(door: FrontDoor) -> None:
    door.installed.write_text("")
    door.stale.touch()
    done = door.run("list")
    assert done.returncode == 0, done.stderr
    kinds = ["update" if "update" in call else "install" for call in door.calls("apt-get")]
    assert kinds == ["install", "update", "install"]
    assert "Unable to locate" not in done.stderr


def test_without_a_network_the_missing_packages_are_named(door: FrontDoor) -> None:
    door.installed.write_text(ALL_PACKAGES.replace("liblz4-dev", ""))
    done = door.run("list", NO_NETWORK="1")
    assert done.returncode == 1
    assert "could not install liblz4-dev" in done.stderr
    assert not door.calls("varve")


def test_without_a_network_what_is_installed_keeps_working(door: FrontDoor) -> None:
    assert door.run("list", NO_NETWORK="1").returncode == 0


def test_another_distribution_is_told_what_is_missing(door: FrontDoor) -> None:
    (door.bin / "apt-get").unlink()
    door.stand_in(door.bin / "pkg-config", '[ "$2" != libxxhash ]\n')
    done = door.run("list")
    assert done.returncode == 1
    assert "development packages of libxxhash by hand" in done.stderr
    door.stand_in(door.bin / "pkg-config", "exit 0\n")
    assert door.run("list").returncode == 0


def test_a_failed_build_is_shown(door: FrontDoor) -> None:
    done = door.run("list", BROKEN="1")
    assert done.returncode == 1
    assert "x.cc:1: error: no" in done.stderr
    assert "the build of the preset release failed" in done.stderr
    assert not door.calls("varve")


def test_run_brings_a_python_that_can_draw(door: FrontDoor) -> None:
    done = door.run("run", "quickstart")
    assert done.returncode == 0, done.stderr
    assert "python python3" in done.stdout
    assert door.calls("varve") == ["varve run quickstart"]


def test_the_python_of_the_user_comes_first(door: FrontDoor) -> None:
    door.stand_in(door.bin / "mypython", PYTHON)
    assert "python mypython" in door.run("run", "x", VARVE_PYTHON="mypython").stdout


def test_packages_for_reports_are_installed_only_for_reports(door: FrontDoor) -> None:
    done = door.run("run", "x", NO_MODULES="1")
    if Path("/usr/bin/python3").exists() and done.returncode == 0:
        pytest.skip("the system's own Python can draw")
    installs = [call for call in door.calls("apt-get") if "python3-matplotlib" in call]
    assert len(installs) == 1
    door.forget()
    assert door.run("run", "x", "--no-report", NO_MODULES="1").returncode == 0
    assert not door.calls("apt-get")


def test_the_exit_status_of_the_program_is_passed_on(door: FrontDoor) -> None:
    assert door.run("list", EXIT="2").returncode == 2
    assert door.run("run", "x", EXIT="130").returncode == 130


def test_without_a_command_there_is_help(door: FrontDoor) -> None:
    assert door.run().returncode == 0
    assert door.calls("varve") == ["varve help"]
    door.forget()
    door.run("test", "--help")
    assert door.calls("varve") == ["varve help test"]


def test_report_takes_the_newest_results(door: FrontDoor) -> None:
    done = door.run("report")
    assert done.returncode == 1
    assert "there are no results" in done.stderr
    for name, age in (("a-1", 100), ("b-1", 200)):
        folder = door.home / "results" / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").touch()
        os.utime(folder / "manifest.json", (age, age))
    assert door.run("report").returncode == 0
    assert door.calls("python3")[-1] == f"python3 -m analysis.report {door.home}/results/b-1"


def test_the_script_is_clean() -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    for script in ("varve", ".ci/run"):
        checked = subprocess.run([shellcheck, str(ROOT / script)], capture_output=True, text=True,
                                 check=False)
        assert checked.returncode == 0, checked.stdout
