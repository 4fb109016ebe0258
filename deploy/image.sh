#!/bin/sh
# Build an OCI image without a container engine: sh deploy/image.sh WHEEL FILE
#
# WHEEL: the wheel that `make dist` makes. FILE: the image to write, an archive that `podman load`, `docker load` and `skopeo copy` read.
# Run it as root on Debian, with the packages mmdebstrap and buildah, from the root of the sources. Nothing is started as a container:
# mmdebstrap makes Debian's root folder, pip fills it from the wheels that it has fetched outside, and buildah writes the image. The
# result is like that of the Dockerfile, on Debian's own Python instead of the image `python`.
set -eu
wheel=$1
file=$2
work=$(mktemp -d)
store="--root $work/store --runroot $work/run --storage-driver vfs"
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/pip"
# pip reads the conditions of requirements by the Python that runs it; Debian's Python 3.11.2 also needs async-timeout
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
# not `buildah copy`, which gives every file to root
cp -a "$work/root/." "$(buildah $store mount "$made")"
buildah $store umount "$made" >/dev/null
buildah $store config --user 10001 --volume /var/lib/sangdam --port 8080/tcp --port 40000-40015/udp \
  --env PATH=/opt/sangdam/bin:/usr/bin:/bin --env PYTHONUNBUFFERED=1 --env SANGDAM_DATA_DIR=/var/lib/sangdam \
  --entrypoint '["tini", "--", "sangdam"]' --cmd 'serve --host 0.0.0.0' "$made"
buildah $store commit --quiet --disable-compression=false "$made" "oci-archive:$file:sangdam" >/dev/null
