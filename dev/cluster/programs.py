"""The programs of a control plane, built once from the Go modules that `go/*/go.sum` pins."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from dev import machine
from dev.process import locked

MODULES = Path(__file__).with_name("go")
PROGRAMS = {
    "etcd": ("kubernetes", "go.etcd.io/etcd/server/v3"),
    "kube-apiserver": ("kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver"),
    "kube-controller-manager": ("kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    "kube-scheduler": ("kubernetes", "k8s.io/kubernetes/cmd/kube-scheduler"),
    "kubectl": ("kubernetes", "k8s.io/kubernetes/cmd/kubectl"),
    "kwok": ("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
}
"""The module and the package that each is built from."""
OLDEST_GO = (1, 24)
NO_GO = (
    f"A Kubernetes control plane is built with Go {OLDEST_GO[0]}.{OLDEST_GO[1]} or newer and none is here: install it "
    "(https://go.dev/dl; macOS: brew install go)."
)


class BuildFailed(RuntimeError):
    """Go could not build a program; the text ends with what it said."""


def ensure_programs() -> Path:
    """Folder with the programs, built now if they are not there (about ten minutes on two cores, 1 GB).

    Raises Lacking where there is no Go, BuildFailed where it fails.
    """
    folder = machine.cache_dir() / f"cluster-{_pins()}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent / "cluster.lock"):
        if not folder.is_dir():
            _build(folder)
    return folder


def kubernetes_version() -> str:
    """Version of Kubernetes that is built, as `v1.34.1`."""
    pinned = re.search(r"^\s*k8s\.io/kubernetes (v\S+)$", _module("kubernetes", "go.mod"), re.MULTILINE)
    assert pinned is not None
    return pinned[1]


def _module(name: str, file: str) -> str:
    return (MODULES / name / file).read_text()


def _pins() -> str:
    """A short digest of everything that decides what is built."""
    files = [_module(name, file) for name in ("kubernetes", "kwok") for file in ("go.mod", "go.sum")]
    return hashlib.sha256("\0".join([*files, repr(PROGRAMS), *_version_flags()]).encode()).hexdigest()[:12]


def _version_flags() -> list[str]:
    """A module carries no version of its own build; charts ask the API server for it."""
    version = kubernetes_version()
    major, minor, _ = version.removeprefix("v").split(".")
    known = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    package = "k8s.io/component-base/version"
    return ["-ldflags", " ".join(f"-X {package}.{name}={value}" for name, value in known.items())]


def _go() -> str:
    """Path of a Go that is new enough. Raises Lacking."""
    go = shutil.which("go")
    if go is None:
        raise machine.Lacking(NO_GO)
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"go(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_GO:
        raise machine.Lacking(NO_GO)
    return go


def _build(folder: Path) -> None:
    go = _go()
    machine.say(
        f"Building Kubernetes {kubernetes_version()} and kwok into {folder} (once, about ten minutes)"
    )
    half_done = folder.with_suffix(".part")
    shutil.rmtree(half_done, ignore_errors=True)
    half_done.mkdir()
    for name, (module, package) in PROGRAMS.items():
        machine.say(f"  {name}")
        flags = _version_flags() if package.startswith("k8s.io/") else []
        command = [go, "build", *flags, "-o", str(half_done / name), package]
        built = subprocess.run(command, cwd=MODULES / module, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            end = "\n".join(built.stderr.splitlines()[-15:])
            raise BuildFailed(f"Go could not build {name}:\n{end}")
    half_done.rename(folder)
