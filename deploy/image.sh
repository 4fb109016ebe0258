#!/bin/sh
# Build an OCI image without a container engine: sh deploy/image.sh WHEEL FILE
#
# WHEEL: the wheel that `make dist` makes. FILE: the image to write, an archive that `podman load`, `docker load` and `skopeo copy` read.
# Run it as root on Debian, with the packages mmdebstrap and buildah, from the root of the sources. No container is started: pip fetches
# the wheels, mmdebstrap makes Debian's root folder, pip installs the wheels in this folder, and buildah writes the image. The image is
# like the image of the Dockerfile, but with Debian's own Python instead of the image `python`.
set -eu
wheel=$1
file=$2
work=$(mktemp -d)
store="--root $work/store --runroot $work/run --storage-driver vfs"
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/pip"
# pip checks the conditions of requirements for the Python that runs pip, so async-timeout, which Debian's Python 3.11.2 needs, is named here
"$work/pip/bin/pip" download --quiet --dest "$work/wheels" --only-binary :all: --python-version 3.11 --implementation cp --abi cp311 --abi abi3 \
  --abi none --platform manylinux_2_36_x86_64 --platform manylinux_2_34_x86_64 --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 \
  --platform manylinux2014_x86_64 --constraint constraints.txt "$wheel[postgres,holidays]" async-timeout

mmdebstrap --quiet --variant=minbase --include=ca-certificates,postgresql-client,python3,python3-venv,tini bookworm "$work/root"
mkdir "$work/root/wheels" && cp "$work/wheels"/* "$work/root/wheels"
chroot "$work/root" python3 -m venv /opt/sangdam
chroot "$work/root" /opt/sangdam/bin/pip install --quiet --no-index --find-links /wheels --no-cache-dir "sangdam[postgres,holidays]"
rm -rf "$work/root/wheels" "$work/root/var/cache/apt" "$work/root/var/lib/apt/lists"
chroot "$work/root" useradd --system --uid 10001 --home-dir /var/lib/sangdam --shell /usr/sbin/nologin sangdam
chroot "$work/root" install -d -o sangdam -g sangdam -m 700 /var/lib/sangdam /var/lib/sangdam/recordings /var/lib/sangdam/files

made=$(buildah $store from scratch)
# `buildah copy` would give every file to root
cp -a "$work/root/." "$(buildah $store mount "$made")"
buildah $store umount "$made" >/dev/null
buildah $store config --user 10001 --volume /var/lib/sangdam --port 8080/tcp --port 40000-40015/udp \
  --env PATH=/opt/sangdam/bin:/usr/bin:/bin --env PYTHONUNBUFFERED=1 --env SANGDAM_DATA_DIR=/var/lib/sangdam \
  --entrypoint '["tini", "--", "sangdam"]' --cmd 'serve --host 0.0.0.0' "$made"
buildah $store commit --quiet --disable-compression=false "$made" "oci-archive:$file:sangdam" >/dev/null
