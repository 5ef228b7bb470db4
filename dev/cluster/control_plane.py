"""A control plane on loopback (etcd, API server, controller manager, scheduler), and nodes that kwok plays, there or elsewhere."""

from __future__ import annotations

import contextlib
import json
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dev.certificates import Authority
from dev.cluster.programs import ensure_programs
from dev.process import Server, StartFailed, free_port

HERE = Path(__file__).parent
START_S = 90.0
START_TRIES = 3  # a port that was free may be taken when a server comes to it
SERVICES = "10.96.0.0/16"
PLAYED = "kwok.x-k8s.io/node=played"
"""Annotation, label and, where it is asked for, taint of the nodes that kwok plays."""


@contextlib.contextmanager
def control_plane() -> Iterator[Path]:
    """The kubeconfig of a cluster without nodes; both are gone when the block, or this process, ends.

    Raises Lacking (one sentence: what to install), BuildFailed or StartFailed (with the end of a server's log).
    """
    programs = ensure_programs()
    with contextlib.ExitStack() as stack:
        yield _started(programs, stack)


@contextlib.contextmanager
def played_nodes(kubeconfig: Path, *, reserved: bool = False) -> Iterator[None]:
    """Nodes on which pods run, as stages.yaml says, and nothing runs; they are gone when the block ends.

    `reserved`: they are tainted, so that other people's pods stay away from them. Raises as `control_plane` does.
    """
    programs = ensure_programs()

    def kubectl(*arguments: str) -> bool:
        return _kubectl(programs, kubeconfig, *arguments)

    with Server("kwok") as server:
        options = {
            "kubeconfig": str(kubeconfig),
            "config": str(HERE / "stages.yaml"),
            "manage-nodes-with-annotation-selector": PLAYED,
            "node-lease-duration-seconds": "40",
        }
        _run(server, programs / "kwok", options)
        try:
            server.wait_until(lambda: kubectl("apply", "-f", str(HERE / "nodes.yaml")), START_S)
            if reserved:
                kubectl("taint", "node", "--overwrite", "-l", PLAYED, f"{PLAYED}:NoSchedule")
            ready = ["wait", "node", "-l", PLAYED, "--for=condition=Ready", "--timeout=1s"]
            server.wait_until(lambda: kubectl(*ready), START_S)
            yield
        finally:
            kubectl("delete", "--wait=false", "-f", str(HERE / "nodes.yaml"))


def _started(programs: Path, stack: contextlib.ExitStack) -> Path:
    for _ in range(START_TRIES - 1):
        with contextlib.suppress(StartFailed):
            return stack.enter_context(_running(programs))
    return stack.enter_context(_running(programs))


@contextlib.contextmanager
def _running(programs: Path) -> Iterator[Path]:
    with contextlib.ExitStack() as stack:
        yield _Plane(programs, stack).start()


@dataclass
class _Plane:
    """One attempt to start; its servers end with `stack`."""

    programs: Path
    stack: contextlib.ExitStack
    authority: Authority = field(default_factory=Authority)
    port: int = field(default_factory=free_port)
    """The API server's."""

    def start(self) -> Path:
        """Start every server and wait until they serve; the administrator's kubeconfig."""
        etcd = self._etcd()
        api, tokens = self._api_server(etcd)
        admin = self._kubeconfig(api.folder, "admin", "system:masters")
        api.wait_until(lambda: _kubectl(self.programs, admin, "get", "--raw=/readyz"), START_S)
        manager = self._controller_manager(tokens)
        self._scheduler()
        # Who makes a namespace may use it at once only where its controllers run.
        manager.wait_until(
            lambda: _kubectl(self.programs, admin, "get", "serviceaccount", "default"), START_S
        )
        return admin

    def _etcd(self) -> str:
        server, client, peer = self._server("etcd"), free_port(), free_port()
        url, peers = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        options = {
            "data-dir": str(server.folder / "data"),
            "listen-client-urls": url,
            "advertise-client-urls": url,
            "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers,
            "initial-cluster": f"default={peers}",
            "unsafe-no-fsync": "true",
        }
        _run(server, self.programs / "etcd", options)
        return url

    def _api_server(self, etcd: str) -> tuple[Server, Path]:
        """The server, and the key that signs service accounts' tokens."""
        server = self._server("kube-apiserver")
        own, tokens = self.authority.issue("kube-apiserver"), self.authority.issue("service-accounts")
        key = _write(server.folder / "tokens.key", tokens.key)
        options = {
            "etcd-servers": etcd,
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "secure-port": str(self.port),
            "tls-cert-file": str(_write(server.folder / "own.pem", own.chain)),
            "tls-private-key-file": str(_write(server.folder / "own.key", own.key)),
            "client-ca-file": str(_write(server.folder / "authority.pem", self.authority.pem)),
            "authorization-mode": "RBAC",
            "allow-privileged": "true",  # as every installer sets it: pod security decides
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": str(_write(server.folder / "tokens.pem", tokens.chain)),
            "service-account-signing-key-file": str(key),
            "service-cluster-ip-range": SERVICES,
            "endpoint-reconciler-type": "none",  # loopback is no address of an endpoint
        }
        _run(server, self.programs / "kube-apiserver", options)
        return server, key

    def _controller_manager(self, tokens: Path) -> Server:
        name = "kube-controller-manager"
        server = self._server(name)
        options = {
            "kubeconfig": str(self._kubeconfig(server.folder, f"system:{name}")),
            "service-account-private-key-file": str(tokens),
            "root-ca-file": str(_write(server.folder / "authority.pem", self.authority.pem)),
            "use-service-account-credentials": "true",
            "leader-elect": "false",
            "secure-port": "0",
        }
        _run(server, self.programs / name, options)
        return server

    def _scheduler(self) -> None:
        name = "kube-scheduler"
        server = self._server(name)
        kubeconfig = str(self._kubeconfig(server.folder, f"system:{name}"))
        options = {"kubeconfig": kubeconfig, "leader-elect": "false", "secure-port": "0"}
        _run(server, self.programs / name, options)

    def _server(self, name: str) -> Server:
        return self.stack.enter_context(Server(name))

    def _kubeconfig(self, folder: Path, name: str, group: str | None = None) -> Path:
        """Write what the client `name` reaches the API server by. YAML reads JSON."""
        client = self.authority.issue(name, organization=group)
        user = {
            "client-certificate-data": b64encode(client.chain.encode()).decode(),
            "client-key-data": b64encode(client.key.encode()).decode(),
        }
        cluster = {
            "server": f"https://127.0.0.1:{self.port}",
            "certificate-authority-data": b64encode(client.authority.encode()).decode(),
        }
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "acende", "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "acende", "context": {"cluster": "acende", "user": name}}],
            "current-context": "acende",
        }
        return _write(folder / "kubeconfig", json.dumps(document))


def _run(server: Server, program: Path, options: dict[str, str]) -> None:
    command = [str(program), *(f"--{name}={value}" for name, value in options.items())]
    server.start(command, environment={"HOME": str(server.folder)})


def _kubectl(programs: Path, kubeconfig: Path, *arguments: str) -> bool:
    """Whether kubectl succeeds."""
    command = [str(programs / "kubectl"), f"--kubeconfig={kubeconfig}", *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=START_S).returncode == 0


def _write(path: Path, text: str) -> Path:
    """A file that only its owner reads."""
    path.touch(mode=0o600)
    path.write_text(text)
    return path
