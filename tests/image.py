"""Build an OCI image without a container engine, unpack the image, and use the service inside: `make image`, as root.

The service runs in the unpacked root folder (chroot) as the image's own user, because there is no container engine here.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from tests.release import DIST, ROOT, served, used

USER = "10001"
MOUNTS = ("dev", "proc")


def blob(archive: tarfile.TarFile, digest: str) -> Any:
    """Open the blob with this digest in the archive, for reading."""
    return archive.extractfile(f"blobs/{digest.replace(':', '/')}")


def unpacked(image: Path, folder: Path) -> dict[str, Any]:
    """Unpack the layers of an image into a folder. Return the image's settings (OCI image specification, config)."""
    with tarfile.open(image) as archive:
        index = json.load(archive.extractfile("index.json"))  # type: ignore[arg-type]  # each OCI archive has it
        manifest = json.load(blob(archive, index["manifests"][0]["digest"]))
        for layer in manifest["layers"]:
            how = ["--gzip"] if layer["mediaType"].endswith("+gzip") else []
            unpack = ["tar", "--extract", *how, "--numeric-owner", "--directory", str(folder)]
            with subprocess.Popen(unpack, stdin=subprocess.PIPE) as program:
                shutil.copyfileobj(blob(archive, layer["digest"]), program.stdin)  # type: ignore[type-var]  # it has a pipe
            assert program.returncode == 0, "the layer is a whole archive"
        return dict(json.load(blob(archive, manifest["config"]["digest"]))["config"])


def check(image: Path) -> None:
    """Run the service of this image, open its pages, and make a call."""
    with tempfile.TemporaryDirectory(prefix="sangdam-image-") as name:
        root = Path(name)
        root.chmod(0o755)  # the image's user must be able to enter this folder
        config = unpacked(image, root)
        assert config["User"] == USER
        assert config["Entrypoint"] == ["tini", "--", "sangdam"]
        assert config["Cmd"] == ["serve", "--host", "0.0.0.0"]
        variables = [f"{each}" for each in config["Env"]]
        inside = ["chroot", f"--userspec={USER}:{USER}", root, "/usr/bin/env", "-i", *variables, *config["Entrypoint"]]
        mounted = []
        try:
            for each in MOUNTS:
                subprocess.run(["mount", "--rbind", f"/{each}", root / each], check=True)
                mounted.append(root / each)
            with served(inside, root / "var/lib/sangdam", data=Path("/var/lib/sangdam")) as settings:
                found = asyncio.run(used(settings))
        finally:
            for each in reversed(mounted):
                subprocess.run(["umount", "--recursive", "--lazy", each], check=True)
    print(f"{image.name} serves ({image.stat().st_size / 1e6:.0f} MB, fast path: {'workers.slow' not in found})")


def main() -> None:
    wheels = sorted(DIST.glob("*manylinux*.whl"))
    if not wheels:
        sys.exit("There is no wheel: run `make dist` first.")
    image = DIST / "sangdam-image.tar"
    image.unlink(missing_ok=True)
    subprocess.run(["sh", "deploy/image.sh", wheels[0], image], cwd=ROOT, check=True)
    check(image)


if __name__ == "__main__":
    main()
